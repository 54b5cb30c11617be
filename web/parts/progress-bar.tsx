import type { ProgressFactsFragment } from '../generated/graphql.ts'
import { isOver } from './status.tsx'
import { count, duration, roughly } from './figures.ts'

type Facts = Pick<
  ProgressFactsFragment,
  'status' | 'stage' | 'percent' | 'rowsWritten' | 'rowsTotal' | 'message' | 'etaSeconds' | 'at'
>

/** Rows in a second since the attempt began; null while there is nothing to reckon with. */
export function rate({ rowsWritten, at }: Pick<Facts, 'rowsWritten' | 'at'>, startedAt: string | null): number | null {
  if (startedAt === null || rowsWritten === 0) return null
  const seconds = (Date.parse(at) - Date.parse(startedAt)) / 1_000
  return seconds < 0.2 ? null : rowsWritten / seconds
}

/** What a reader wants to know of a report that moves, in one line. */
export function progressWords(progress: Facts, startedAt: string | null): string {
  if (progress.stage === 'QUEUED') return 'Waits for a worker'
  if (progress.stage === 'READING') return progress.message ?? 'Waits for the first row'
  if (progress.stage === 'STORING') return `Storing ${count(progress.rowsWritten)} rows`
  const rows =
    progress.rowsTotal === null
      ? `${count(progress.rowsWritten)} rows`
      : `${roughly(progress.rowsWritten)} of ${roughly(progress.rowsTotal)} rows`
  const speed = rate(progress, startedAt)
  return [
    rows,
    speed !== null && !isOver(progress.status) && `${roughly(speed)}/s`,
    progress.etaSeconds !== null && !isOver(progress.status) && `${duration(progress.etaSeconds)} left`,
  ]
    .filter(Boolean)
    .join(' · ')
}

/** A bar for what runs: filled as far as is known, moving where the total is unknown. */
export function ProgressBar({ progress, label }: { progress: Facts; label: string }) {
  const { percent } = progress
  return (
    <span
      class={percent === null ? 'bar bar-unknown' : 'bar'}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(percent !== null && { 'aria-valuenow': Math.floor(percent) })}
    >
      <span class="bar-done" style={{ transform: `scaleX(${(percent ?? 30) / 100})` }} />
    </span>
  )
}

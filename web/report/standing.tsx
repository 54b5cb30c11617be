import { Notice } from '../parts/notice.tsx'
import type { ProgressFactsFragment, WholeReportFragment } from '../generated/graphql.ts'
import { bytes, count, duration, roughly } from '../parts/figures.ts'
import { ProgressBar, rate } from '../parts/progress-bar.tsx'
import { Status } from '../parts/status.tsx'
import { Age } from '../parts/time.tsx'
import { failureWords } from './failure-words.ts'
import { placeWords } from './words.ts'

/** How it stands, above everything else: the failure, the bar, the place in the line. */
export function Standing({ report, progress }: { report: WholeReportFragment; progress: ProgressFactsFragment }) {
  const { status } = progress
  return (
    <>
      <p class="standing">
        <span role="status">
          <Status status={status} />
        </span>
        <span>
          {report.type.title} · asked for by {report.requestedBy.name} <Age at={report.createdAt} />
        </span>
      </p>
      {status === 'FAILED' && report.failure && <Failed failure={report.failure} />}
      {status === 'QUEUED' && <Waiting report={report} progress={progress} />}
      {(status === 'RUNNING' || status === 'CANCELING') && <Moving report={report} progress={progress} />}
      {status === 'EXPIRED' && (
        <Notice>
          The document’s time was over, and its bytes are gone. What was asked for is still here: regenerate it for a
          new document.
        </Notice>
      )}
    </>
  )
}

function Failed({ failure }: { failure: NonNullable<WholeReportFragment['failure']> }) {
  const { what, remedy } = failureWords(failure.code)
  return (
    <div class="notice notice-wrong failed" role="alert">
      <p>
        <strong>{what}</strong>
      </p>
      <p class="said">{failure.message}</p>
      {remedy !== '' && <p>{remedy}</p>}
    </div>
  )
}

function Waiting({ report, progress }: { report: WholeReportFragment; progress: ProgressFactsFragment }) {
  const last = report.attempts.at(-1)
  return (
    <p class="notice">
      {report.queuePosition === null ? 'Waits for a worker' : placeWords(report.queuePosition)}.
      {progress.attempt > 0 && last?.failure && (
        <> It is tried again: {failureWords(last.failure.code).what.toLowerCase()}</>
      )}
    </p>
  )
}

function Moving({ report, progress }: { report: WholeReportFragment; progress: ProgressFactsFragment }) {
  const { percent, rowsWritten, rowsTotal, bytesWritten, etaSeconds, message, stage, status } = progress
  const speed = rate(progress, report.startedAt)
  const figures = [
    percent !== null && `${Math.floor(percent)} %`,
    stage !== 'READING' &&
      (rowsTotal === null ? `${count(rowsWritten)} rows` : `${count(rowsWritten)} of ${count(rowsTotal)} rows`),
    bytesWritten > 0 && bytes(bytesWritten),
    speed !== null && `${roughly(speed)} rows/s`,
    etaSeconds !== null && `${duration(etaSeconds)} left`,
  ]
  const known = figures.filter(Boolean)
  return (
    <div class="moving">
      <ProgressBar progress={progress} label={report.title} />
      {known.length > 0 && <p>{known.join(' · ')}</p>}
      <p class="help">
        {status === 'CANCELING' ? 'Waits until the source has really stopped' : (message ?? STAGES[stage] ?? '')}
        {progress.attempt > 1 && ` · attempt ${progress.attempt}`}
      </p>
    </div>
  )
}

const STAGES: Readonly<Record<string, string>> = {
  READING: 'Waits for the first row of the source',
  WRITING: 'Rows come in and are written',
  STORING: 'All rows are written; the document is being stored',
}

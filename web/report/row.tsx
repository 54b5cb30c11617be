import { useMemo } from 'preact/hooks'
import { useStore } from '../api/store.ts'
import { count, bytes } from '../parts/figures.ts'
import { ProgressBar, progressWords } from '../parts/progress-bar.tsx'
import { sentence, Status } from '../parts/status.tsx'
import { Age } from '../parts/time.tsx'
import type { ReportRowFragment } from '../generated/graphql.ts'
import type { LiveList } from './live-list.ts'

interface Row {
  id: string
  domId: string
  row: LiveList['row']
  isNew: LiveList['isNew']
  top: number
  /** In the whole table, the head being 1. */
  index: number
  active: boolean
  open: boolean
  onOpen: () => void
}

/** One report in the table; it is drawn again alone. */
export function ReportRow({ id, domId, row, isNew, top, index, active, open, onOpen }: Row) {
  const report = useStore(useMemo(() => row(id), [row, id]))
  // Asked once: a row that is drawn again has not come again.
  const fresh = useMemo(() => isNew(id), [isNew, id])
  if (!report) return null
  return (
    <div
      id={domId}
      class={['row', active && 'row-active', open && 'row-open', fresh && 'row-new'].filter(Boolean).join(' ')}
      role="row"
      aria-rowindex={index}
      aria-selected={open}
      style={{ transform: `translateY(${top}px)` }}
      onClick={onOpen}
    >
      <span role="gridcell" class="cell-status">
        <Status status={report.status} />
      </span>
      <span role="gridcell" class="cell-report" title={report.title}>
        {report.title}
      </span>
      <span role="gridcell" class="cell-progress">
        <Moving report={report} />
      </span>
      <span role="gridcell" class="cell-type">
        {report.type.title}
      </span>
      <span role="gridcell" class="cell-asked-by">
        {report.requestedBy.name}
      </span>
      <span role="gridcell" class={`cell-priority priority-${report.priority.toLowerCase()}`}>
        {sentence(report.priority)}
      </span>
      <span role="gridcell" class="cell-age">
        <Age at={report.createdAt} />
      </span>
    </div>
  )
}

/** A bar and figures while it runs; what came of it afterwards. */
function Moving({ report }: { report: ReportRowFragment }) {
  const { status, progress, document, failure, startedAt } = report
  if (status === 'RUNNING' || status === 'CANCELING')
    return (
      <>
        <ProgressBar progress={progress} label={report.title} />
        <span class="moving-words">{progressWords(progress, startedAt)}</span>
      </>
    )
  if (status === 'QUEUED')
    return <span class="help">{progress.attempt > 0 ? 'Waits to be tried again' : 'Waits for a worker'}</span>
  if (failure && status === 'FAILED')
    return (
      <span class="failed-words" title={failure.message}>
        {failure.message}
      </span>
    )
  if (document)
    return (
      <span class="help">
        {count(document.rowCount)} rows · {bytes(document.byteSize)} · {report.format}
      </span>
    )
  return null
}

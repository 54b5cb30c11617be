import { useEffect, useRef, useState } from 'preact/hooks'
import { createStore, useStore } from '../api/store.ts'
import { Notice } from '../parts/notice.tsx'
import { useSigned } from '../session/viewer.tsx'
import { Actions } from './actions.tsx'
import { Attempts } from './attempts.tsx'
import { Audit } from './audit.tsx'
import { CopyAs } from './copy-as-buttons.tsx'
import { Deliveries } from './deliveries.tsx'
import { DocumentSection } from './document.tsx'
import { Facts } from './facts.tsx'
import type { LiveList } from './live-list.ts'
import { createLiveReport, type LiveReport, type OneReport } from './live-report.ts'
import { Parameters } from './parameters.tsx'
import { Standing } from './standing.tsx'

/** One report: how it stands, what was asked, what came of it, and what can be done. It has the focus when it opens. */
export function ReportPage({ id, close, list }: { id: string; close: () => void; list: LiveList | null }) {
  const live = useLiveReport(id, list)
  const one = useStore(live?.one ?? NOTHING)
  const heading = useRef<HTMLHeadingElement>(null)
  const focus = () => heading.current?.focus()
  useEffect(focus, [])
  const title = one.report?.title ?? list?.row(id).get()?.title ?? 'Report'

  return (
    <article class="panel report" aria-labelledby="report-title" aria-busy={one.report === undefined && !one.failure}>
      <header>
        <h1 id="report-title" ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <button type="button" class="plain" onClick={close}>
          Close
        </button>
      </header>
      {one.failure && <Notice wrong>{one.failure.message}</Notice>}
      {one.report === null && (
        <Notice>There is no such report, or it is not yours to see. It may have been deleted.</Notice>
      )}
      {live && one.report && <Whole one={one} report={one.report} live={live} close={close} focus={focus} />}
    </article>
  )
}

interface Shown {
  one: OneReport
  report: NonNullable<OneReport['report']>
  live: LiveReport
  close: () => void
  focus: () => void
}

function Whole({ one, report, live, close, focus }: Shown) {
  const progress = one.progress ?? report.progress
  return (
    <>
      <Standing report={report} progress={progress} />
      <Actions report={report} status={progress.status} look={live.look} close={close} focus={focus} />
      {report.document && <DocumentSection document={report.document} />}
      <Parameters report={report} />
      <Facts report={report} />
      <Deliveries report={report} look={live.look} />
      {report.attempts.length > 0 && <Attempts attempts={report.attempts} />}
      <Audit id={report.id} readings={one.readings} look={live.look} />
      <CopyAs report={report} />
    </>
  )
}

const NOTHING = createStore<OneReport>({ report: undefined, progress: null, failure: null, readings: 0 })

function useLiveReport(id: string, list: LiveList | null): LiveReport | null {
  const { connection } = useSigned()
  const [live, setLive] = useState<LiveReport | null>(null)
  useEffect(() => {
    const made = createLiveReport(connection, id)
    setLive(made)
    return made.close
  }, [connection, id])
  useEffect(() => (live && list ? list.onNews(live.hear) : undefined), [live, list])
  return live
}

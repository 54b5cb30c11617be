import { useEffect, useState } from 'preact/hooks'
import type { Connection } from '../api/connection.ts'
import type { Failure } from '../api/failure.ts'
import { draftsOf, type AskedType } from '../ask/values.ts'
import { AskedTypeDocument, ReportToPlanDocument, ScheduleToEditDocument } from '../generated/graphql.ts'
import { Notice } from '../parts/notice.tsx'
import { hereZone } from '../parts/time-zone.tsx'
import { useSigned } from '../session/viewer.tsx'
import { PlanForm } from './form.tsx'
import { newPlan, planOfReport, planOfSchedule, type Beginning } from './plan.ts'

export function NewSchedule({ from, type }: { from: string | null; type: string | null }) {
  return <Prepared begin={(connection) => beginNew(connection, from, type)} />
}

export function EditSchedule({ id }: { id: string }) {
  return <Prepared begin={(connection) => beginEdit(connection, id)} />
}

async function typeOf(connection: Connection, name: string): Promise<AskedType | null> {
  return name === '' ? null : (await connection.ask(AskedTypeDocument, { name })).reportType
}

/** Null: there is no such report. */
async function beginNew(connection: Connection, from: string | null, name: string | null): Promise<Beginning | null> {
  if (from === null) {
    const type = await typeOf(connection, name ?? '')
    const plan = { ...newPlan(type?.name ?? '', hereZone()), title: type?.title ?? '' }
    return { plan: { ...plan, drafts: draftsOf(type?.parameters ?? []) }, type, of: null }
  }
  const { report } = await connection.ask(ReportToPlanDocument, { id: from })
  if (!report) return null
  const type = await typeOf(connection, report.type.name)
  const plan = planOfReport(report, hereZone())
  return { plan: { ...plan, drafts: draftsOf(type?.parameters ?? [], report.parameters) }, type, of: null }
}

async function beginEdit(connection: Connection, id: string): Promise<Beginning | null> {
  const { schedule } = await connection.ask(ScheduleToEditDocument, { id })
  if (!schedule) return null
  const type = await typeOf(connection, schedule.type.name)
  const plan = planOfSchedule(schedule)
  return { plan: { ...plan, drafts: draftsOf(type?.parameters ?? [], schedule.parameters) }, type, of: schedule }
}

/** Read once: what somebody types is not taken away by what somebody else changes meanwhile. */
function Prepared({ begin }: { begin: (connection: Connection) => Promise<Beginning | null> }) {
  const { connection } = useSigned()
  const [beginning, set] = useState<Beginning | null | undefined>(undefined)
  const [failure, setFailure] = useState<Failure | null>(null)
  useEffect(() => {
    let left = false
    begin(connection).then(
      (found) => left || set(found),
      (error: Failure) => left || setFailure(error),
    )
    return () => void (left = true)
  }, [connection])

  return (
    <section class="view">
      {failure && <Notice wrong>{failure.message}</Notice>}
      {beginning === undefined && !failure && <p class="help">Reading…</p>}
      {beginning === null && <p class="empty">There is no such thing, or it is not yours to see.</p>}
      {beginning && <PlanForm beginning={beginning} />}
    </section>
  )
}

import { useState } from 'preact/hooks'
import { draftsOf, type AskedType } from '../ask/values.ts'
import { AskedTypeDocument, ReportToPlanDocument, ScheduleToEditDocument } from '../generated/graphql.ts'
import { Notice } from '../parts/notice.tsx'
import { hereZone } from '../parts/time-zone.tsx'
import { useReading } from '../session/reading.ts'
import { PlanForm } from './form.tsx'
import { newPlan, planOfReport, planOfSchedule, type Beginning, type Plan } from './plan.ts'

/** What a schedule is made of: nothing yet, a type, or a report that somebody wants again and again. */
export function NewSchedule({ from, type }: { from: string | null; type: string | null }) {
  if (from !== null) return <OfReport id={from} />
  return (
    <Typed
      name={type}
      begin={(known) => beginning({ ...newPlan(known?.name ?? '', hereZone()), title: known?.title ?? '' }, known, {})}
    />
  )
}

function OfReport({ id }: { id: string }) {
  const { found, failure } = useReading(ReportToPlanDocument, { id })
  const report = found?.report
  if (!report) return <Nothing failure={failure?.message} read={found !== null} />
  return (
    <Typed
      name={report.type.name}
      begin={(type) => beginning(planOfReport(report, hereZone()), type, report.parameters)}
    />
  )
}

export function EditSchedule({ id }: { id: string }) {
  const { found, failure } = useReading(ScheduleToEditDocument, { id })
  const schedule = found?.schedule
  if (!schedule) return <Nothing failure={failure?.message} read={found !== null} />
  return (
    <Typed
      name={schedule.type.name}
      begin={(type) => ({ ...beginning(planOfSchedule(schedule), type, schedule.parameters), of: schedule })}
    />
  )
}

function beginning(plan: Plan, type: AskedType | null, parameters: unknown): Beginning {
  return { plan: { ...plan, drafts: draftsOf(type?.parameters ?? [], parameters) }, type, of: null }
}

/** The form as soon as the type is known; null: none is chosen. */
function Typed({ name, begin }: { name: string | null; begin: (type: AskedType | null) => Beginning }) {
  const { found, failure } = useReading(AskedTypeDocument, name === null ? null : { name })
  if (name !== null && !found) return <Nothing failure={failure?.message} read={false} />
  return <Begun begin={() => begin(found?.reportType ?? null)} />
}

/** Once: what somebody types is not taken away by what somebody else changes meanwhile. */
function Begun({ begin }: { begin: () => Beginning }) {
  const [first] = useState(begin)
  return (
    <section class="view ask">
      <PlanForm beginning={first} />
    </section>
  )
}

function Nothing({ failure, read }: { failure: string | undefined; read: boolean }) {
  if (failure !== undefined)
    return (
      <section class="view">
        <Notice wrong>{failure}</Notice>
      </section>
    )
  return <p class="empty">{read ? 'There is no such thing, or it is not yours to see.' : 'Reading…'}</p>
}

import type { Output } from '../ask/output.ts'
import { firstOutput, outputOf } from '../ask/output.ts'
import { parametersOf, type AskedType, type Drafts } from '../ask/values.ts'
import { deliveriesOf, keptDelivery, type DeliveryDraft } from '../delivery/drafts.ts'
import type {
  CreateScheduleInput,
  ReportToPlanQuery,
  SchedulePlanFragment,
  ScheduleOverlapPolicy,
  UpdateScheduleInput,
} from '../generated/graphql.ts'
import { cadenceDraft, cadenceInput, FIRST_CADENCE, type CadenceDraft } from './cadence-draft.ts'
import { channelWord } from './words.ts'

/** A schedule as a form holds it. Pure. */
export interface Plan {
  readonly title: string
  readonly type: string
  readonly drafts: Drafts
  readonly cadence: CadenceDraft
  readonly timeZone: string
  readonly overlapPolicy: ScheduleOverlapPolicy
  readonly catchUpWindow: string
  readonly output: Output
  readonly deliveries: readonly DeliveryDraft[]
  readonly paused: boolean
}

/** What a form begins with; `of`: the schedule that it changes. */
export interface Beginning {
  readonly plan: Plan
  readonly type: AskedType | null
  readonly of: SchedulePlanFragment | null
}

export const newPlan = (type: string, timeZone: string): Plan => ({
  title: '',
  type,
  drafts: {},
  cadence: FIRST_CADENCE,
  timeZone,
  overlapPolicy: 'SKIP',
  catchUpWindow: 'PT1H',
  output: firstOutput(),
  deliveries: [],
  paused: false,
})

/** Of a report: what it asked for, on its clock. Its deliveries stay its own, as their secrets do. */
export function planOfReport(report: NonNullable<ReportToPlanQuery['report']>, here: string): Plan {
  const { title, type, timeZone } = report
  // What nobody chose is not carried on.
  const zone = timeZone === 'UTC' ? here : timeZone
  return { ...newPlan(type.name, zone), title: undated(title), output: firstOutput(report) }
}

/** "Sales · 2026-11-09 to 2026-11-15 · EU" → "Sales · EU": each report of the schedule has dates of its own. */
function undated(title: string): string {
  const parts = title.split(' · ')
  return parts.filter((part, at) => at === 0 || !/\d{4}-\d{2}/.test(part)).join(' · ')
}

export function planOfSchedule(schedule: SchedulePlanFragment): Plan {
  const { title, type, timeZone, overlapPolicy, catchUpWindow, deliveries, paused } = schedule
  return {
    title,
    type: type.name,
    drafts: {},
    cadence: cadenceDraft(schedule),
    timeZone,
    overlapPolicy,
    catchUpWindow,
    output: firstOutput(schedule),
    deliveries: deliveries.map(({ id, channel, target }) => keptDelivery(id, `${channelWord(channel)}: ${target}`)),
    paused,
  }
}

/** A text where the cadence is not whole. */
export function inputOf(plan: Plan, type: AskedType | null): CreateScheduleInput | string {
  const cadence = cadenceInput(plan.cadence, plan.timeZone)
  if (typeof cadence === 'string') return cadence
  const parameters = type ? parametersOf(type.parameters, plan.drafts) : {}
  return {
    title: plan.title.trim(),
    report: { byName: { type: plan.type, parameters } },
    cadence,
    timeZone: plan.timeZone,
    overlapPolicy: plan.overlapPolicy,
    catchUpWindow: plan.catchUpWindow,
    ...outputOf(plan.output),
    deliveries: deliveriesOf(plan.deliveries),
    paused: plan.paused,
  }
}

/** What of an input is another than it was: all else stays as somebody else may have left it meanwhile. */
export function changesOf(before: CreateScheduleInput, after: CreateScheduleInput): Omit<UpdateScheduleInput, 'id'> {
  const { paused: _, ...rest } = after
  const changed = Object.entries(rest).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name as keyof CreateScheduleInput]),
  )
  return Object.fromEntries(changed)
}

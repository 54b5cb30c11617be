import type { Json } from '../src/report-type/define.ts'
import { builder } from './builder.ts'
import { camelKeys } from './report.ts'
import { DEFAULTS } from './report-verbs.ts'
import { ReportRequestInputRef } from './request-input.ts'
import { upcomingInTurn } from './schedule.ts'
import { CadenceRef } from './schedule-verbs.ts'
import { outcomeOf, UserErrorRef, type Outcome } from './user-error.ts'

/** What can be known before it is asked for: the same checks as the mutation makes, and nothing is written. */

const ResolvedParametersPayloadRef = builder
  .objectRef<Outcome<{ readonly [name: string]: Json } | null>>('ResolvedParametersPayload')
  .implement({
    description: 'The parameters as the report would keep them, or why not.',
    fields: (t) => ({
      parameters: t.field({
        type: 'JSON',
        nullable: true,
        resolve: (outcome) => camelKeys(outcome.object),
        description: 'As Report.resolvedParameters would be: camelCase keys; null where there are userErrors.',
      }),
      userErrors: t.field({
        type: [UserErrorRef],
        resolve: (outcome) => [...outcome.userErrors],
        description: 'What requestReport would refuse, at the same paths.',
      }),
    }),
  })

const UpcomingSlotsPayloadRef = builder.objectRef<Outcome<Date[]>>('UpcomingSlotsPayload').implement({
  description: 'The slots, or why not.',
  fields: (t) => ({
    slots: t.field({
      type: ['DateTime'],
      resolve: (outcome) => outcome.object ?? [],
      description: 'The next ones, soonest first; none where there are userErrors.',
    }),
    userErrors: t.field({
      type: [UserErrorRef],
      resolve: (outcome) => [...outcome.userErrors],
      description: 'What createSchedule would refuse, at the same paths.',
    }),
  }),
})

const timeZone = {
  type: 'TimeZone',
  defaultValue: DEFAULTS.timeZone,
} as const

builder.queryFields((t) => ({
  resolveParameters: t.field({
    type: ResolvedParametersPayloadRef,
    description: `What requestReport would make of these parameters now, with every relative date resolved, and what of them it would refuse. Whoever
may ask may look; nothing is written.`,
    args: {
      report: t.arg({ type: ReportRequestInputRef, required: true, description: 'What would be asked for.' }),
      timeZone: t.arg({ ...timeZone, description: 'In which relative dates and local times are meant.' }),
    },
    resolve: (_, { report, timeZone: zone }, { reports, reading, viewer }) =>
      outcomeOf(() => reports.resolve(viewer, reading, { ...DEFAULTS, report, timeZone: zone ?? DEFAULTS.timeZone })),
  }),
  upcomingSlots: t.field({
    type: UpcomingSlotsPayloadRef,
    complexity: ({ first }) => Math.max(first ?? 5, 1),
    description: `The next slots that a schedule with this cadence would have if it were made now: every is aligned to now. What createSchedule would
refuse of it is told as there. Needs the scope schedules:read or schedules:write; nothing is written.`,
    args: {
      cadence: t.arg({ type: CadenceRef, required: true, description: 'When.' }),
      timeZone: t.arg({ ...timeZone, description: 'In which the cadence is meant.' }),
      first: t.arg.int({ defaultValue: 5, description: 'How many, at most 100.' }),
    },
    resolve: (_, { cadence, timeZone: zone, first }, { schedules, reading, viewer }) =>
      outcomeOf(async () => {
        const reckon = await schedules.foresee(viewer, reading, cadence as never, zone ?? DEFAULTS.timeZone)
        return upcomingInTurn(first, reckon)
      }),
  }),
}))

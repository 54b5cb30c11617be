import type { ScheduleEvent } from '../src/schedule/events.ts'
import { SCHEDULE_EVENT_KINDS } from '../src/schedule/slot.ts'
import { builder } from './builder.ts'
import { encodeId } from './global-id.ts'
import { meanings } from './meanings.ts'
import { ScheduleRef } from './schedule.ts'

const ScheduleEventKindRef = builder.enumType('ScheduleEventKind', {
  description: `READY: the first, once nothing more can be missed: read schedules now. CREATED, CHANGED, DELETED: the schedule. SLOT: slots of it have
come, or what became of one. RESYNC: read again (reconnected, or more than 1,000 schedules pending).`,
  values: meanings(SCHEDULE_EVENT_KINDS, {
    READY: 'The first: nothing can be missed any more.',
    CREATED: 'It was made.',
    CHANGED: 'Somebody has changed, paused or resumed it.',
    DELETED: 'It is gone, with its slots.',
    SLOT: 'Slots of it have come, or it was decided what becomes of one.',
    RESYNC: 'Something may have been missed: read the list again.',
  }),
})

const ScheduleEventRef = builder.objectRef<ScheduleEvent>('ScheduleEvent').implement({
  description: 'Something that happened to a schedule that the viewer sees.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ScheduleEventKindRef, description: 'What happened.' }),
    scheduleId: t.id({
      nullable: true,
      resolve: (event) => event.scheduleId && encodeId('Schedule', event.scheduleId),
      description: 'Which schedule; null for READY and RESYNC.',
    }),
    schedule: t.field({
      type: ScheduleRef,
      nullable: true,
      resolve: (event) => (event.kind === 'DELETED' ? null : event.scheduleId) as never,
      description: 'The schedule, as it is now; null where it is gone.',
    }),
    at: t.field({ type: 'DateTime', resolve: (event) => new Date(event.at), description: 'When it happened.' }),
  }),
})

builder.subscriptionFields((t) => ({
  scheduleEvents: t.field({
    type: ScheduleEventRef,
    description: `What happens to the schedules that the viewer sees (its own; an ADMIN sees the tenant's), for dashboards: made, changed and deleted by
whomever, and slots as they come. What a slow reader has yet to read of one schedule merges.`,
    subscribe: (_, __, { scheduleEvents, viewer }) => scheduleEvents.watch(viewer) as AsyncIterable<never>,
    resolve: (event) => event as unknown as ScheduleEvent,
  }),
}))

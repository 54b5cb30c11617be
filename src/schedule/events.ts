import { mayManageSchedule, requireScope } from '../identity/policy.ts'
import type { Viewer } from '../identity/viewer.ts'
import { projectStream } from '../progress/project.ts'
import type { ProgressSubscriber } from '../progress/subscriber.ts'
import type { SCHEDULE_EVENT_KINDS } from './slot.ts'

export interface ScheduleEvent {
  readonly kind: (typeof SCHEDULE_EVENT_KINDS)[number]
  readonly scheduleId: string | null
  /** Milliseconds since 1970. */
  readonly at: number
}

/** What happens to the schedules that one viewer sees: for dashboards. */
export function createScheduleEvents({ progress }: { progress: Pick<ProgressSubscriber, 'listenSchedules'> }) {
  return {
    /** Throws Forbidden at once. Ends when the reader leaves. */
    watch(viewer: Viewer): AsyncIterableIterator<ScheduleEvent> {
      requireScope(viewer, 'schedules:read')
      return projectStream(progress.listenSchedules(viewer.tenantId), (news) => {
        if (news.kind === 'READY' || news.kind === 'RESYNC')
          return { kind: news.kind, scheduleId: null, at: Date.now() }
        // Whose it is never changes, so it is known also of one that is gone.
        const { kind, scheduleId, at } = news
        return mayManageSchedule(viewer, news) ? { kind, scheduleId, at } : undefined
      })
    },
  }
}

export type ScheduleEvents = ReturnType<typeof createScheduleEvents>

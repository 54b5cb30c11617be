import type { ReportAudit } from '../src/report/report.entity.ts'
import { AUDIT_KINDS } from '../src/report/status.ts'
import { builder } from './builder.ts'
import { connectionOf } from './connection.ts'
import { meanings } from './meanings.ts'
import { UserRef } from './user.ts'

const AuditKindRef = builder.enumType('ReportAuditKind', {
  description: `What somebody did with a report. REUSED: asked for again, and answered with this one. DOWNLOADED: at most once a minute for each
link, by the one who made it. DELIVERED: somebody had it handed to more targets. It grows: accept values you do not know.`,
  values: meanings(AUDIT_KINDS, {
    REQUESTED: 'Asked for it.',
    REUSED: 'Asked for the same, and got this one.',
    CANCELED: 'Cancelled it.',
    RETRIED: 'Had it queued again.',
    DOWNLOADED: 'Made the link by which it was downloaded.',
    DELIVERED: 'Had it handed to more targets.',
    DELETED: 'Deleted it.',
  }),
})

const AuditRef = builder.objectRef<ReportAudit>('ReportAuditEntry').implement({
  description: 'Something that somebody did with a report: written once, never changed.',
  fields: (t) => ({
    kind: t.expose('kind', { type: AuditKindRef, description: 'What was done.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When.' }),
    by: t.field({
      type: UserRef,
      nullable: true,
      resolve: (entry) => (entry.byUser ?? null) as never,
      description: 'By whom; null: by the service itself.',
    }),
    detail: t.field({
      type: 'JSON',
      nullable: true,
      resolve: (entry) => entry.detail ?? null,
      description: 'More, where there is more to say: the status before, the link.',
    }),
  }),
})

/** Report.events. */
export const AuditConnectionRef = connectionOf<ReportAudit>('ReportAudit', AuditRef)

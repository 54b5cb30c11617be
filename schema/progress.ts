import type { ProgressEvent } from '../src/progress/event.ts'
import { NotFound } from '../src/errors.ts'
import type { ReportEvent } from '../src/report/events.ts'
import { eventOf } from '../src/report/progress-row.ts'
import { REPORT_EVENT_KINDS } from '../src/report/status.ts'
import { builder } from './builder.ts'
import { meanings } from './meanings.ts'
import { encodeId, idOf } from './global-id.ts'
import { ReportStageRef, ReportStatusRef } from './report-enums.ts'
import { filterOf, ReportFilterRef, ReportRef } from './report.ts'

export const ReportProgressRef = builder.objectRef<ProgressEvent>('ReportProgress').implement({
  description: 'Where a report stands at one moment.',
  fields: (t) => ({
    sequence: t.field({
      type: 'BigInt',
      resolve: (event) => event.sequence,
      description:
        'Grows with each event of the report, over all its attempts and processes, and never repeats, also after a crash.',
    }),
    report: t.field({ type: ReportRef, resolve: (event) => event.reportId, description: 'The report, as it is now.' }),
    status: t.expose('status', { type: ReportStatusRef, description: 'Where it is in its life.' }),
    stage: t.expose('stage', { type: ReportStageRef, description: 'What the attempt is doing.' }),
    attempt: t.exposeInt('attempt', { description: 'Number of the current or last attempt.' }),
    percent: t.exposeFloat('percent', {
      nullable: true,
      description: '0 to 100, never falls within an attempt; null while the total is unknown. 100 only when SUCCEEDED.',
    }),
    rowsWritten: t.expose('rowsWritten', { type: 'BigInt', description: 'Rows so far, in this attempt.' }),
    rowsTotal: t.expose('rowsTotal', {
      type: 'BigInt',
      nullable: true,
      description: 'A count or an estimate; null when unknown.',
    }),
    bytesWritten: t.expose('bytesWritten', { type: 'BigInt', description: 'Bytes of the document so far.' }),
    message: t.exposeString('message', { nullable: true, description: `In the author's words.` }),
    etaSeconds: t.exposeInt('etaSeconds', {
      nullable: true,
      description: `Seconds left, from this run's own rate; null when unknown.`,
    }),
    at: t.field({ type: 'DateTime', resolve: (event) => new Date(event.at), description: 'When it was so.' }),
  }),
})

builder.objectField(ReportRef as never, 'progress', (t) =>
  t.field({
    type: ReportProgressRef,
    resolve: (report) => eventOf(report as never),
    description: 'Where it stands now; at most a second old while it runs.',
  }),
)

builder.objectField(ReportRef as never, 'watchToken', (t) =>
  t.string({
    resolve: (report, _, { watchTokens, viewer }) => watchTokens.make(viewer, (report as { id: string }).id),
    description: `A credential for a browser that holds none: with it reportProgress and report answer for this report alone, with what a page
needs to show its progress and to download its document. Ends after 15 minutes, with the credential that asks for it, with its user, and with
the report. FORBIDDEN for its own holder.`,
  }),
)

const ReportEventKindRef = builder.enumType('ReportEventKind', {
  description: `READY: the first, once nothing more can be missed: read reports now. CREATED, CHANGED (status), PROGRESSED.
LEFT: no longer within the filter or the viewer's sight. DELETED. RESYNC: read again (reconnected, or more than 1,000 reports pending).`,
  values: meanings(REPORT_EVENT_KINDS, {
    READY: 'The first: nothing can be missed any more.',
    CREATED: 'It was asked for.',
    CHANGED: 'Its status is another.',
    PROGRESSED: 'It has come further.',
    LEFT: 'It is out of the filter, or of sight.',
    DELETED: 'It is gone.',
    RESYNC: 'Something may have been missed: read the list again.',
  }),
})

const ReportEventRef = builder.objectRef<ReportEvent>('ReportEvent').implement({
  description: 'Something that happened to a report of the tenant.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ReportEventKindRef, description: 'What happened.' }),
    reportId: t.id({
      nullable: true,
      resolve: (event) => event.reportId && encodeId('Report', event.reportId),
      description: 'Which report; null for READY and RESYNC.',
    }),
    report: t.field({
      type: ReportRef,
      nullable: true,
      resolve: (event) => (event.event ? event.reportId : null),
      description: 'The report, as it is now; null where it is gone from sight.',
    }),
    progress: t.field({
      type: ReportProgressRef,
      nullable: true,
      resolve: (event) => event.event,
      description: 'Where it stands.',
    }),
    at: t.field({ type: 'DateTime', resolve: (event) => new Date(event.at), description: 'When it happened.' }),
  }),
})

builder.subscriptionFields((t) => ({
  reportProgress: t.field({
    type: ReportProgressRef,
    description: `The report's progress: first a snapshot of where it stands now, then newer events in order, then the terminal event,
then completion. With after, only events above that sequence (the terminal one always). A slow reader may miss
events between two that it gets, never the terminal one. Unknown or foreign id: error NOT_FOUND.`,
    args: {
      id: t.arg.id({ required: true, description: 'The report.' }),
      after: t.arg({ type: 'BigInt', description: 'The last sequence that was seen, after a lost connection.' }),
    },
    subscribe: async (_, { id, after }, context) => {
      const report = await context.reports.byId(context.viewer, context.reading, idOf('Report', id))
      if (!report) throw new NotFound()
      const events = context.progress.watch(report.id, after == null ? {} : { after: Number(after) })
      // The row that was read to authorise is older than the subscription: the stream reads its own.
      return events as AsyncIterable<never>
    },
    resolve: (event) => event as unknown as ProgressEvent,
  }),
  reportEvents: t.field({
    type: ReportEventRef,
    description: `What happens to the reports that the viewer may see, for dashboards: changes at once, progress at most twice a second for each report.`,
    args: { filter: t.arg({ type: ReportFilterRef, description: 'Only reports like these.' }) },
    subscribe: (_, { filter }, { reportEvents, viewer }) =>
      reportEvents.watch(viewer, filterOf(filter)) as AsyncIterable<never>,
    resolve: (event) => event as unknown as ReportEvent,
  }),
}))

import type { Minute, Queue, SystemView, Worker } from '../src/system/system.ts'
import type { Report } from '../src/report/report.entity.ts'
import { builder } from './builder.ts'
import { ReportPriorityRef } from './report-enums.ts'
import { ReportRef } from './report.ts'

/** Rows of lastHour. */
const MINUTES = 60

const WorkerRef = builder.objectRef<Worker>('Worker').implement({
  description: 'A process that carries out reports.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Of this process: another one after a restart.' }),
    host: t.exposeString('host', { description: 'The machine it runs on.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it came up.' }),
    lastSeenAt: t.expose('lastSeenAt', {
      type: 'DateTime',
      description: 'It says every 5 s that it is there; one that died stays in the list for a day.',
    }),
    lost: t.exposeBoolean('lost', {
      description: `It was not seen for 15 s by the database's clock, for which a worker holds what it carries out: it died, or is cut off, and its
reports are taken back.`,
    }),
    concurrency: t.exposeInt('concurrency', { description: 'Reports that it carries out at a time, at most.' }),
    running: t.loadableList({
      type: ReportRef,
      description: `What it carries out now, of the viewer's tenant.`,
      load: async (ids: string[], { system, reports, reading, viewer }) => {
        const held = await system.running(viewer, reading, ids)
        const found = new Map((await reports.byIds(viewer, reading, held.flat())).map((report) => [report?.id, report]))
        return held.map((those) =>
          those.map((id) => found.get(id)).filter((report): report is Report => report != null),
        )
      },
      resolve: (worker) => worker.id,
    }),
  }),
})

const QueueRef = builder.objectRef<Queue>('Queue').implement({
  description: 'How one priority stands, over all tenants.',
  fields: (t) => ({
    priority: t.expose('priority', { type: ReportPriorityRef, description: 'Which one.' }),
    waiting: t.exposeInt('waiting', { description: 'Could start now.' }),
    active: t.exposeInt('active', { description: 'RUNNING or CANCELING.' }),
    delayed: t.exposeInt('delayed', { description: 'Wait out the pause before another attempt.' }),
    oldestWaitingSeconds: t.exposeFloat('oldestWaitingSeconds', {
      nullable: true,
      description: 'How long the first of those that wait could have started; null where none waits.',
    }),
  }),
})

const MinuteRef = builder.objectRef<Minute>('SystemMinute').implement({
  description: 'What came to an end in one minute, over all tenants, as far as its reports are still there.',
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: `When it began, by the database's clock.` }),
    succeeded: t.exposeInt('succeeded', { description: 'Reports that SUCCEEDED, also those that are EXPIRED by now.' }),
    failed: t.exposeInt('failed', { description: 'Reports that FAILED and were not retried.' }),
    canceled: t.exposeInt('canceled', { description: 'Reports that were CANCELED and not retried.' }),
    rows: t.expose('rows', { type: 'BigInt', description: 'Rows of the documents of those that SUCCEEDED.' }),
  }),
})

const SystemRef = builder.objectRef<SystemView>('System').implement({
  description: `How the service is doing, over all tenants: needs the scope system:read, which only BROADSHEET_ADMIN_TOKEN has or grants. running: the viewer's tenant's.`,
  fields: (t) => ({
    version: t.exposeString('version', { description: 'Of the API process that answers.' }),
    workers: t.field({
      type: [WorkerRef],
      description: 'Seen last first.',
      resolve: (system, _, { viewer, reading }) => system.workers(viewer, reading),
    }),
    queues: t.field({
      type: [QueueRef],
      description: 'One for each priority, the most urgent first.',
      resolve: (system, _, { viewer, reading }) => system.queues(viewer, reading),
    }),
    stuck: t.int({
      description: `Reports that nobody works on though somebody should: RUNNING or CANCELING with a lease that ended more than 30 s ago; or
QUEUED and due for more than a minute although a worker that has the type was free, none of that type was started for half a minute, and
their tenant runs fewer than TENANT_MAX_RUNNING. Over all tenants, the same as broadsheet_stuck_reports of /metrics; 0 in a sound installation.`,
      resolve: (system, _, { viewer, reading }) => system.stuck(viewer, reading),
    }),
    lastHour: t.field({
      type: [MinuteRef],
      complexity: { field: 1, multiplier: MINUTES },
      description:
        'What has ended in each of the last 60 minutes, oldest first; the last one is the minute that is going on.',
      resolve: (system, _, { viewer, reading }) => system.lastHour(viewer, reading),
    }),
  }),
})

builder.queryFields((t) => ({
  system: t.field({
    type: SystemRef,
    nullable: true,
    description: 'FORBIDDEN without the scope system:read.',
    resolve: (_, __, { system, viewer }) => {
      system.require(viewer)
      return system
    },
  }),
}))

builder.subscriptionFields((t) => ({
  system: t.field({
    type: SystemRef,
    description: `First how the service is doing, then again when something of it has changed: a worker came, went, was lost, took or ended a
report; the depth of a queue; the figures of a minute. At most once a second, and at least every five seconds, as workers say that they are
there. A slow reader gets the latest. FORBIDDEN without the scope system:read.`,
    subscribe: (_, __, { systemWatch, viewer }) => systemWatch.watch(viewer) as AsyncIterable<never>,
    resolve: (view) => view as unknown as SystemView,
  }),
}))

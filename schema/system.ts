import type { Queue, System, Worker } from '../src/system/system.ts'
import type { Report } from '../src/report/report.entity.ts'
import { builder } from './builder.ts'
import { ReportPriorityRef } from './report-enums.ts'
import { ReportRef } from './report.ts'

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

const SystemRef = builder.objectRef<System>('System').implement({
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

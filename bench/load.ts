import { setTimeout as pause } from 'node:timers/promises'
import { v7 as uuid } from 'uuid'
import { openDatabase } from '../src/db/orm.ts'
import { WORKER_ROLE } from '../src/db/roles.ts'
import { createLog } from '../src/log.ts'
import { claimReport } from '../src/claim/claim.ts'
import { ask, requestReport, type Api } from './client.ts'
import { figure, quantile, timed, type Figure } from './measure.ts'
import type { Stage } from './stage.ts'

/** Requests a second, and for how many seconds. */
const RATE = 300
const SECONDS = 60
/**
 * Requests before the first that is timed, so many at once. V8 compiles what a request runs through for the last time after some
 * 10,500 of them, all within half a second (measured: at 250, 300 and 400 a second, with nothing else to tell them apart).
 */
const WARM = 12_000
const WARM_TOGETHER = 20
/** Longest time in which all of them have run, in milliseconds. */
const DRAIN = 600_000
const WAITING = 100_000
const TENANTS = 50
const CLAIMS = 500
const PAGES = 300

/** Many ask while nobody works; then a queue of a hundred thousand. The worker is frozen where it is to do nothing. */
export async function benchLoad(stage: Stage, workerPid: number, say: (line: string) => void): Promise<Figure[]> {
  process.kill(workerPid, 'SIGSTOP')
  try {
    const { figures, ids } = await rush(stage, say)
    process.kill(workerPid, 'SIGCONT')
    figures.push(await drained(stage, ids, say))
    process.kill(workerPid, 'SIGSTOP')
    figures.push(...(await longQueue(stage, say)))
    return figures
  } finally {
    process.kill(workerPid, 'SIGCONT')
  }
}

/** Each request is sent when its time has come, whether or not the ones before were answered, and timed from that moment. */
async function rush(stage: Stage, say: (line: string) => void): Promise<{ figures: Figure[]; ids: string[] }> {
  const api: Api = { http: stage.service.url, token: stage.service.adminToken }
  for (let n = 0; n < WARM; n += WARM_TOGETHER)
    await Promise.all(Array.from({ length: WARM_TOGETHER }, () => requestReport(api, { nothing: {} })))
  await stage.sql('delete from broadsheet.report')
  const taken: number[] = []
  const ids: string[] = []
  const failures: string[] = []
  const underWay: Promise<unknown>[] = []
  const began = performance.now()
  for (let n = 0; n < RATE * SECONDS; n++) {
    const due = began + (n * 1_000) / RATE
    const early = due - performance.now()
    if (early > 0) await pause(early)
    underWay.push(
      requestReport(api, { nothing: {} }).then(
        ({ id }) => {
          taken.push(performance.now() - due)
          ids.push(id)
        },
        (error: Error) => failures.push(error.message),
      ),
    )
  }
  await Promise.all(underWay)
  if (failures.length > 0) say(`${failures.length} requests failed, the first with: ${failures[0]}`)
  say(
    `${ids.length} requests at ${RATE} a second: p50 ${quantile(taken, 0.5).toFixed(1)} ms, p99 ${quantile(taken, 0.99).toFixed(1)} ms`,
  )
  return {
    figures: [
      figure(`requestReport at ${RATE}/s for ${SECONDS} s, workers stopped, p99`, quantile(taken, 0.99), ' ms', {
        most: 100,
      }),
      figure('Requests that failed', failures.length, '', { most: 0 }),
    ],
    ids,
  }
}

async function drained(stage: Stage, ids: readonly string[], say: (line: string) => void): Promise<Figure> {
  const { ms } = await timed(async () => {
    for (const end = performance.now() + DRAIN; performance.now() < end; await pause(500)) {
      const [row] = await stage.sql<{ open: number }>(
        `select count(*)::int as open from broadsheet.report where status in ('QUEUED', 'RUNNING')`,
      )
      if (row!.open === 0) return
    }
  })
  const rows = ids.map((id) => Buffer.from(id, 'base64url').toString().split(':')[1])
  const [row] = await stage.sql<{ count: number }>(
    `select count(*)::int from broadsheet.report where id = any($1) and status = 'SUCCEEDED' and attempt = 1`,
    [rows],
  )
  say(`Drained in ${(ms / 1_000).toFixed(0)} s: ${(ids.length / (ms / 1_000)).toFixed(0)} reports a second`)
  return figure('Of these lost, or done twice, when drained', ids.length - row!.count, '', { most: 0 })
}

async function longQueue(stage: Stage, say: (line: string) => void): Promise<Figure[]> {
  await stage.sql('delete from broadsheet.report')
  await stage.waitingReports(WAITING, TENANTS)
  const log = createLog({ level: 'fatal', process: 'bench' })
  const database = await openDatabase({ url: stage.databaseUrl, role: WORKER_ROLE, maxConnections: 4, log })
  const claims: number[] = []
  try {
    const workerId = uuid()
    for (let n = -20; n < CLAIMS; n++) {
      const { ms, value } = await timed(() =>
        claimReport(database, { workerId, types: ['nothing'], tenantMaxRunning: null }),
      )
      if (value === null) throw new Error('nothing was claimed')
      if (n >= 0) claims.push(ms)
    }
  } finally {
    await database.close()
  }
  const api: Api = { http: stage.service.url, token: stage.service.adminToken }
  const pages: number[] = []
  for (let n = -20; n < PAGES; n++) {
    const { ms, value } = await timed(() =>
      ask<{ reports: { nodes: unknown[] } }>(
        api,
        `{ reports(first: 50) { nodes { id title status createdAt progress { percent } } pageInfo { hasNextPage endCursor } } }`,
      ),
    )
    if (value.reports.nodes.length !== 50) throw new Error('a page of 50 has not 50 reports')
    if (n >= 0) pages.push(ms)
  }
  say(
    `${WAITING} waiting: claim p50 ${quantile(claims, 0.5).toFixed(1)} ms, page p50 ${quantile(pages, 0.5).toFixed(1)} ms`,
  )
  await stage.sql('delete from broadsheet.report')
  return [
    figure(`Claim with ${WAITING} QUEUED, p99`, quantile(claims, 0.99), ' ms', { most: 20 }),
    figure(`reports(first: 50) with ${WAITING} QUEUED, p99`, quantile(pages, 0.99), ' ms', { most: 150 }),
  ]
}

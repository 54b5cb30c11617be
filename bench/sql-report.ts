import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { requestReport, socketClient, watch, type Api } from './client.ts'
import { openDjango } from './django.ts'
import { whenIdle } from './idle.ts'
import { cpuSeconds, family, figure, median, named, peak, timed, type Figure } from './measure.ts'
import type { Stage } from './stage.ts'

const run = promisify(execFile)
const RUNS = 5
const DJANGO_RUNS = 3
const LARGE = 2_000_000
const SMALL = 200_000

/**
 * SQL and TypeScript reports against psql's \copy of the same query, in turns: base, ours, base, ours. Each begins with a disk
 * that has nothing left to write: we wait for our bytes to be safe, psql does not, and would have us wait for its own.
 */
export async function benchSqlReport(stage: Stage, workerPid: number, say: (line: string) => void): Promise<Figure[]> {
  if (spawnSync('psql', ['--version']).error) {
    say('psql is not installed (postgresql-client): nothing to compare with, left out.')
    return []
  }
  const api: Api = { http: stage.service.url, token: stage.service.adminToken }
  const client = socketClient(api)
  const target = join(stage.directory, 'psql.csv')
  const query = (upto: number) =>
    `select id, placed_at, customer, product, region, quantity, unit_price, amount, shipped, note from lines where id <= ${upto} order by id`
  // Not the synchronous kind: while it runs, the connections to the API must be heard when they are closed as idle.
  const psql = async (upto: number) =>
    void (await run('psql', [stage.sourceUrl, '-qX', '-c', `\\copy (${query(upto)}) to '${target}' csv header`]))
  const ours = async (report: object, how: Record<string, string> = {}) => {
    const { id } = await requestReport(api, report, how)
    const last = await watch(client, id)
    if (last.status !== 'SUCCEEDED') throw new Error(`the report ended as ${last.status}`)
  }
  const pids = () => family(workerPid)
  const postgres = () => cpuSeconds(named(family(process.pid), 'postgres'))
  /** Processor time of psql, or of the worker and its children, each with that of Postgres. */
  const spent = {
    psql: () => cpuSeconds([process.pid], 'ended below') + postgres(),
    ours: () => cpuSeconds(pids()) + postgres(),
  }
  let aboveIdle: (all: readonly number[]) => number = () => 0
  const compare = async (name: string, upto: number, report: object, how: Record<string, string> = {}) => {
    const base: number[] = []
    const mine: number[] = []
    const baseSpent: number[] = []
    const mineSpent: number[] = []
    let most = 0
    for (let turn = 0; turn <= RUNS; turn++) {
      await run('sync')
      const before = spent.psql()
      const one = await timed(() => psql(upto))
      const psqlSpent = spent.psql() - before
      await run('sync')
      const all = pids()
      const start = spent.ours()
      const two = await peak(
        () => aboveIdle(all),
        async () => timed(() => ours(report, how)),
      )
      if (turn === 0) continue // warms caches of both
      base.push(one.ms)
      mine.push(two.value.ms)
      baseSpent.push(psqlSpent)
      mineSpent.push(spent.ours() - start)
      most = Math.max(most, two.most)
    }
    const seconds = (ms: number[]) => (median(ms) / 1000).toFixed(2)
    say(
      `${name}: psql ${seconds(base)} s (${median(baseSpent).toFixed(2)} s of processor time, Postgres included), ours ${seconds(mine)} s (${median(mineSpent).toFixed(2)} s), most memory above idle ${most.toFixed(0)} MiB`,
    )
    return { ratio: median(mine) / median(base), most }
  }
  const againstDjango = async (): Promise<Figure[]> => {
    const django = await openDjango(stage)
    if (!django) {
      say('Celery, Django, psycopg2 and redis are not all there for one Python (Debian: python3-celery python3-django python3-psycopg2 python3-redis): that baseline is left out.') // prettier-ignore
      return []
    }
    try {
      const base: number[] = []
      const mine: number[] = []
      for (let turn = 0; turn <= DJANGO_RUNS; turn++) {
        const one = await django.export(SMALL, join(stage.directory, 'django.csv'))
        const two = await timed(() => ours({ lines: { upto: SMALL } }))
        if (turn === 0) continue
        base.push(one)
        mine.push(two.ms)
      }
      say(
        `200,000 rows as CSV: ${django.versions} ${(median(base) / 1000).toFixed(2)} s, ours ${(median(mine) / 1000).toFixed(2)} s`,
      )
      return [figure('Django in Celery, 200,000 rows, time over ours', median(base) / median(mine), 'x', { least: 6 })]
    } finally {
      await django.close()
    }
  }
  try {
    await ours({ lines: { upto: 1000 } })
    const quiet = await whenIdle(pids)
    aboveIdle = quiet.aboveIdle
    const { idle } = quiet
    say(
      `Worker and its ${idle.size - 1} processes when idle: ${[...idle.values()].reduce((a, b) => a + b).toFixed(0)} MiB`,
    )
    const small = await compare('200,000 rows as CSV', SMALL, { lines: { upto: SMALL } })
    const large = await compare('2,000,000 rows as CSV', LARGE, { lines: { upto: LARGE } })
    const gzip = await compare(
      '2,000,000 rows as CSV, GZIP',
      LARGE,
      { lines: { upto: LARGE } },
      { compression: 'GZIP' },
    )
    const rows = await compare('2,000,000 rows from TypeScript', LARGE, { lineObjects: { upto: LARGE } })
    const django = await againstDjango()
    return [
      figure('SQL report as CSV, time over psql', large.ratio, 'x', { most: 1.15 }),
      figure('SQL report as CSV with GZIP, time over psql', gzip.ratio, 'x', { most: 1.25 }),
      figure('TypeScript rows as CSV, time over psql', rows.ratio, 'x', { most: 1.6 }),
      figure('Worker memory above idle, 2,000,000 rows', large.most, ' MiB', { most: 150 }),
      figure('Worker memory above idle, 200,000 rows', small.most, ' MiB', { most: 150 }),
      ...django,
    ]
  } finally {
    await client.dispose()
  }
}

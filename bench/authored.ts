import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { requestReport, socketClient, watch, type Api } from './client.ts'
import { startDynamo, type BenchEvent } from './dynamo.ts'
import { startGithub } from './github.ts'
import { whenIdle } from './idle.ts'
import { family, figure, median, peak, timed, type Figure } from './measure.ts'
import type { Stage, StageOptions } from './stage.ts'

const RUNS = 9
const PAGES = [1, 2, 3, 4, 5]
const GITHUB_ANSWERS = 300
const EVENTS = 1_000_000
/** How many visitors make a day's events: fewer keys than memory holds, some more, and all of them different. */
const DAYS: Readonly<Record<string, number>> = { '2026-11-18': 8_000, '2026-11-19': 20_000, '2026-11-20': EVENTS }
const PATHS = 11
const AGENT = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36' // prettier-ignore
const REFERRER = 'https://www.google.com/search?q=report+jobs+over+graphql'

type OnStage = (
  options: StageOptions,
  work: (stage: Stage, api: number, worker: number) => Promise<void>,
) => Promise<void>

/** The report types that come with the service: GitHub's hottest against its five pages by hand, visitors of a million events. */
export async function benchAuthored(onStage: OnStage, say: (line: string) => void): Promise<Figure[]> {
  const figures: Figure[] = []
  const github = await startGithub(GITHUB_ANSWERS)
  const dynamo = await startDynamo(EVENTS, eventOf)
  try {
    const fromDynamo = { EVENTS_SOURCE: 'dynamodb:request-events', DYNAMODB_ENDPOINT: dynamo.url }
    const types = ['github_hot_repositories', 'visitors']
    await onStage(
      { rows: 1_000, limits: 'wide', types, env: { GITHUB_URL: github.url, ...fromDynamo } },
      async (stage, _, worker) => {
        figures.push(await hottest(stage, github, say))
        figures.push(...(await visitors(stage, worker, 'DynamoDB', say)))
      },
    )
    await onStage(
      { rows: 1_000, limits: 'wide', types, filling: EVENTS_TABLE, env: { EVENTS_SOURCE: 'bench:public.request_events' } },
      async (stage, _, worker) => void figures.push(...(await visitors(stage, worker, 'Postgres', say))),
    ) // prettier-ignore
    return figures
  } finally {
    await dynamo.close()
    await github.close()
  }
}

/** From asking to SUCCEEDED, the document included. */
async function hottest(
  stage: Stage,
  github: Awaited<ReturnType<typeof startGithub>>,
  say: (line: string) => void,
): Promise<Figure> {
  const { run, close } = asker(stage)
  const page = async (number: number) =>
    (await fetch(`${github.url}/search/repositories?page=${number}`)).json() as Promise<{ items: object[] }>
  const byHand = async () => {
    const pages = await Promise.all(PAGES.map(page))
    return pages.flatMap(({ items }) => items).map((item) => Object.values(item).join())
  }
  const oneByOne = async () => {
    for (const number of PAGES) await page(number)
  }
  try {
    const ours: number[] = []
    const base: number[] = []
    for (let turn = 0; turn <= RUNS; turn++) {
      const one = await timed(byHand)
      const two = await timed(() => run({ githubHotRepositories: { period: 'WEEK' } }))
      if (turn === 0) continue // warms connections and compilers
      base.push(one.ms)
      ours.push(two.ms)
    }
    const slow = await timed(oneByOne)
    say(
      `GitHub's hottest, five pages of ${GITHUB_ANSWERS} ms each, ${github.most()} at once: ${median(ours).toFixed(0)} ms from asking to SUCCEEDED; by hand ${median(base).toFixed(0)} ms, one page after the other ${slow.ms.toFixed(0)} ms`,
    )
    return figure("GitHub's hottest, five pages of 300 ms, asked to done", median(ours), ' ms', { most: 700 })
  } finally {
    await close()
  }
}

async function visitors(
  stage: Stage,
  worker: number,
  source: 'DynamoDB' | 'Postgres',
  say: (line: string) => void,
): Promise<Figure[]> {
  const { run, close } = asker(stage)
  const pids = () => family(worker)
  const figures: Figure[] = []
  try {
    const { aboveIdle } = await whenIdle(pids)
    for (const [day, count] of Object.entries(DAYS)) {
      const all = pids()
      const one = await peak(
        () => aboveIdle(all),
        () => timed(() => run({ visitors: { from: day, to: day } })),
      )
      const base = source === 'Postgres' ? await byOneQuery(stage, day) : null
      const name = `Visitors, 1,000,000 events of ${count.toLocaleString('en')} in ${source}`
      const beside = base === null ? '' : `; one query of Postgres ${(base / 1000).toFixed(2)} s`
      say(`${name}: ${(one.value.ms / 1000).toFixed(2)} s, ${one.most.toFixed(0)} MiB above idle${beside}`)
      figures.push(figure(`${name}, memory above idle`, one.most, ' MiB', { most: 150 }))
    }
    return figures
  } finally {
    await close()
  }
}

/** Milliseconds of psql with what the report says as one statement; null: there is no psql. */
async function byOneQuery(stage: Stage, day: string): Promise<number | null> {
  if (spawnSync('psql', ['--version']).error) return null
  const query = `select visitor, min(time), max(time), count(*), count(distinct path), (array_agg(path order by time, request_id))[1]
    from request_events where time >= '${day}T00:00:00Z' and time < timestamptz '${day}T00:00:00Z' + interval '24 hours' group by visitor order by visitor collate "C"`
  const copy = `\\copy (${query.replaceAll(/\s+/g, ' ')}) to '${join(stage.directory, 'psql.csv')}' csv header`
  return (await timed(() => promisify(execFile)('psql', [stage.sourceUrl, '-qX', '-c', copy]))).ms
}

function asker(stage: Stage) {
  const api: Api = { http: stage.service.url, token: stage.service.adminToken }
  const client = socketClient(api)
  return {
    async run(report: object): Promise<void> {
      const { id } = await requestReport(api, report)
      const last = await watch(client, id)
      if (last.status !== 'SUCCEEDED') throw new Error(`the report ended as ${last.status}`)
    },
    close: async () => client.dispose(),
  }
}

/** Visitors in no order: by a factor that has none in common with how many there are. */
function eventOf(day: string, index: number): BenchEvent {
  const visitor = (index * 7_919) % DAYS[day]!
  return {
    visitor: `visitor-${visitor.toString(16).padStart(24, '0')}`,
    path: `/docs/pages/${index % PATHS}`,
    referrer: REFERRER,
    user_agent: AGENT,
  }
}

/** The same events in a table. */
const EVENTS_TABLE = [
  `create table request_events (request_id text not null, time timestamptz not null, visitor text not null, path text not null, referrer text,
    user_agent text, status int not null)`,
  ...Object.entries(DAYS).map(
    ([
      day,
      count,
    ]) => `insert into request_events select 'r' || lpad(n::text, 8, '0'), timestamptz '${day}T00:00:00Z' + n * interval '86.4 ms',
      'visitor-' || lpad(to_hex(n * 7919 % ${count}), 24, '0'), '/docs/pages/' || n % ${PATHS}, '${REFERRER}', '${AGENT}', 200
      from generate_series(0, ${EVENTS - 1}::bigint) n`,
  ),
  'create index on request_events (time)',
  'grant select on request_events to bench_reader',
  'vacuum analyze request_events',
]

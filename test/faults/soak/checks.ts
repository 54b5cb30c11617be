import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rowId } from '../../support/fault-reports.ts'
import type { Scene } from '../../support/scene.ts'
import { childrenOf } from '../../support/service.ts'
import type { Asking } from './asking.ts'
import type { Crew } from './crew.ts'

interface Row {
  id: string
  status: string
  attempt: number
  charged: number
  sequence: string
  code: string | null
  numbers: number[]
  outcomes: (string | null)[]
}

/** What is wrong with the reports when all has ended; and how they ended. */
export async function checkReports(
  scene: Scene,
  { accepted }: Asking,
): Promise<{ faults: string[]; ends: Map<string, number> }> {
  const rows = await scene.sql<Row>(
    `select r.id, r.status, r.attempt, r.charged, r.sequence::text, r.failure->>'code' as code,
      coalesce(array_agg(a.number order by a.number) filter (where a.number is not null), '{}') as numbers,
      coalesce(array_agg(a.outcome order by a.number) filter (where a.number is not null), '{}') as outcomes
     from broadsheet.report r left join broadsheet.report_attempt a on a.report_id = r.id group by r.id`,
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  const faults: string[] = []
  const ends = new Map<string, number>()
  if (rows.length !== accepted.length)
    faults.push(`${accepted.length} reports were accepted, and there are ${rows.length}`)
  for (const { id, last } of accepted) {
    const row = byId.get(rowId(id))
    if (!row) {
      faults.push(`${id}: lost`)
      continue
    }
    const end = row.code === null ? row.status : `${row.status}(${row.code})`
    ends.set(end, (ends.get(end) ?? 0) + 1)
    // What was cut off three times may give up; no fault that is made here is INTERNAL, or the query's.
    if (row.code !== null && !['WORKER_LOST', 'SOURCE_UNAVAILABLE'].includes(row.code))
      faults.push(`${row.id}: ${end}, and the log says ${await logOf(scene, row.id)}`)
    for (const fault of faultsOf(row)) faults.push(`${row.id}: ${fault}: ${JSON.stringify(row)}`)
    if (last?.status !== row.status || String(last.sequence) !== row.sequence)
      faults.push(
        `${row.id}: its watcher last heard ${last?.status} ${last?.sequence}, and it is ${row.status} ${row.sequence}`,
      )
  }
  return { faults, ends }
}

/** What the processes have logged about the errors of a report. */
async function logOf(scene: Scene, id: string): Promise<string> {
  const names = (await readdir(scene.directory)).filter((name) => name.endsWith('.log') && name.startsWith('process-'))
  const texts = await Promise.all(names.map((name) => readFile(join(scene.directory, name), 'utf8')))
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.includes(id) && line.includes('"err"'))
    .join('\n')
}

function* faultsOf({ status, attempt, charged, numbers, outcomes }: Row): Generator<string> {
  const succeeded = outcomes.filter((outcome) => outcome === 'SUCCEEDED').length
  if (!['SUCCEEDED', 'FAILED', 'CANCELED'].includes(status)) yield 'has not ended'
  if (numbers.some((number, index) => number !== index + 1) || numbers.length !== attempt)
    yield 'its attempts are not 1, 2, 3...'
  if (outcomes.includes(null)) yield 'an attempt has no outcome'
  if (charged > 3) yield 'was charged too often'
  if (status === 'SUCCEEDED' ? succeeded !== 1 || outcomes.at(-1) !== 'SUCCEEDED' : succeeded !== 0)
    yield 'its attempts do not say what it says'
}

/** Downloads every document through its link, and compares. */
export async function checkDocuments({ accepted, clients }: Asking): Promise<{ faults: string[]; checked: number }> {
  const faults: string[] = []
  let checked = 0
  for (const [n, { id, last }] of accepted.entries()) {
    if (last?.status !== 'SUCCEEDED') continue
    const client = clients[n % clients.length]!
    try {
      const { document } = await client.report(id)
      const bytes = await client.download(id)
      if (createHash('sha256').update(bytes).digest('hex') !== document!.sha256)
        faults.push(`${rowId(id)}: other bytes than its sha256`)
      checked += 1
    } catch (error) {
      faults.push(`${rowId(id)}: ${(error as Error).message}`)
    }
  }
  return { faults, checked }
}

/** What the service holds: MiB of memory, open files and sockets of its processes, connections at Postgres. */
export async function holdings(scene: Scene, crew: Crew): Promise<Record<'memory' | 'files' | 'connections', number>> {
  const own = [...crew.apis, ...crew.workers].map(({ current }) => current.pid)
  const pids = [...own, ...(await Promise.all(crew.workers.map(({ current }) => childrenOf(current.pid)))).flat()]
  let memory = 0
  for (const pid of pids)
    memory += Number(/^Pss:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'))![1]) / 1024
  let files = 0
  for (const pid of own) files += (await readdir(`/proc/${pid}/fd`)).length
  const [row] = await scene.sql<{ count: number }>(
    `select count(*)::int from pg_stat_activity where usename is not null and pid <> pg_backend_pid()`,
  )
  return { memory, files, connections: row!.count }
}

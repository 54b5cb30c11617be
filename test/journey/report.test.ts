import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { parse } from 'graphql'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createClient } from '../support/client.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { startApi, startWorker, type RunningApi, type RunningProcess } from '../support/service.ts'
import { createSourceDatabase, type SourceDatabase } from '../support/source-database.ts'

/** An owner's own report type: a file is all that it takes. */
const VISITS = `/*---
title: Visits
source: site
parameters:
  from_day: { type: Date!, description: "First day, inclusive" }
  page: { type: String }
tenancy: shared
---*/
select id, page, day, seconds, note from visits
where day >= :from_day and (:page::text is null or page = :page) order by id
`
/** What it says to a person at psql. */
const BY_HAND = `select id, page, day, seconds, note from visits where day >= '2026-01-10' order by id`
const ROWS = 40_000
const psql = await promisify(execFile)('psql', ['--version']).then(
  () => true,
  () => false,
)

let database: TestDatabase
let site: SourceDatabase
let directory: string
let api: RunningApi
let worker: RunningProcess
let client: ReturnType<typeof createClient>

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-journey-'))
  await chmod(directory, 0o755)
  await writeFile(join(directory, 'visits.sql'), VISITS)
  database = await createDatabase()
  site =
    await createSourceDatabase(`create table visits as select n as id, '/page/' || n % 7 as page, date '2026-01-01' + n % 90 as day,
    n / 8.0 as seconds, case n % 5 when 0 then null when 1 then '' when 2 then E'two\\nlines, "quoted"' else 'Žluťoučký 東京 🎁' end as note
    from generate_series(1, ${ROWS}) as n; analyze visits`)
  const options = {
    databaseUrl: database.url,
    redisUrl: inject('redisUrl'),
    dataDirectory: directory,
    reportsDirectory: directory,
    sources: { site: site.url },
  }
  ;[api, worker] = await Promise.all([startApi(options), startWorker(options)])
  client = createClient(api.url, api.adminToken)
})

afterAll(async () => {
  await client?.close()
  worker?.kill('SIGTERM')
  expect(await Promise.all([api?.stop(), worker?.stopped])).toEqual([0, 0])
  await site?.drop()
  await database?.drop()
  await rm(directory, { recursive: true, force: true })
})

/** The file's own field, which no generated document of ours can know. */
async function askForVisits(): Promise<string> {
  const mutation = parse(`mutation ($input: VisitsParametersInput!) {
    requestReport(input: { report: { visits: $input } }) { report { id title status } userErrors { field message } } }`)
  const { requestReport } = (await client.ask(mutation as never, { input: { fromDay: '2026-01-10' } } as never)) as {
    requestReport: { report: { id: string; title: string; status: string } }
  }
  expect(requestReport.report).toMatchObject({ title: 'Visits · 2026-01-10', status: 'QUEUED' })
  return requestReport.report.id
}

describe('a file in the reports directory', () => {
  test('is asked for by its own typed field, watched over WebSocket and SSE, and downloaded whole', async () => {
    const id = await askForVisits()
    const [events, bySse] = await Promise.all([client.watched(id), client.watchedBySse(id)])

    for (const seen of [events, bySse]) {
      const sequences = seen.map(({ sequence }) => sequence)
      expect(sequences).toEqual([...sequences].sort((a, b) => a - b))
      expect(new Set(sequences).size).toBe(seen.length)
      const percents = seen.flatMap(({ percent }) => percent ?? [])
      expect(percents).toEqual([...percents].sort((a, b) => a - b))
      expect(seen.at(-1)).toMatchObject({ status: 'SUCCEEDED', stage: 'DONE', percent: 100 })
      expect(seen.filter(({ status }) => status === 'SUCCEEDED')).toHaveLength(1)
    }
    // A watcher of what has ended gets that one event.
    expect(await client.watched(id)).toEqual([events.at(-1)])

    const { document, status } = await client.report(id)
    expect(status).toBe('SUCCEEDED')
    const bytes = await client.download(id)
    expect(document).toMatchObject({
      rowCount: events.at(-1)!.rowsWritten,
      byteSize: bytes.length,
      contentType: expect.stringContaining('text/csv'),
    })
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(document!.sha256)
    // A link is only good as it was signed.
    const forged = document!.downloadUrl.replace(/expires=(\d+)/, (_, at) => `expires=${Number(at) + 60}`)
    expect((await fetch(forged)).status).toBe(403)
  })

  test('has the bytes of COPY', async () => {
    const id = await askForVisits()
    await client.reached(id, 'SUCCEEDED')
    const own = new pg.Client(site.url)
    await own.connect()
    const chunks: Buffer[] = []
    await pipeline(own.query(copyTo(`copy (${BY_HAND}) to stdout with (format csv, header)`)), async (bytes) => {
      for await (const chunk of bytes) chunks.push(chunk as Buffer)
    })
    await own.end()
    const expected = Buffer.concat(chunks)
    expect(expected.length).toBeGreaterThan(1_000_000)
    expect((await client.download(id)).equals(expected)).toBe(true)
  })

  test.skipIf(!psql)('has the bytes of psql, byte for byte (program: psql)', async () => {
    const id = await askForVisits()
    await client.reached(id, 'SUCCEEDED')
    const file = join(directory, 'by-hand.csv')
    await promisify(execFile)('psql', [
      site.url,
      '-v',
      'ON_ERROR_STOP=1',
      '-c',
      `\\copy (${BY_HAND}) to '${file}' csv header`,
    ])
    expect((await client.download(id)).equals(await readFile(file))).toBe(true)
  })
})

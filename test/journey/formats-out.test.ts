import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createClient } from '../support/client.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { formatOracles } from '../support/format-oracles.ts'
import { HAS_LIBREOFFICE, shownByLibreOffice } from '../support/libreoffice.ts'
import { createMailServer } from '../support/mail-server.ts'
import { openLightObjectStore, type LightObjectStore } from '../support/object-store.ts'
import { startApi, startWorker, type RunningApi, type RunningProcess } from '../support/service.ts'
import { createSourceDatabase, type SourceDatabase } from '../support/source-database.ts'
import { until } from '../support/until.ts'

/** XLSX and PARQUET as they leave the service: by a signed link, as an object of a bucket, as the attachment of an e-mail. */

const REPORTS = {
  'money.sql': `/*---\ntitle: Money\nsource: main\ntenancy: shared\nfile_name: "pinigai-{date}"\n---*/ select * from money order by id`,
  'money_in_code.ts': `import { defineReport } from 'broadsheet/define'
export default defineReport({
  title: 'Money', fileName: 'pinigai-{date}', sources: ['main'],
  columns: { id: 'BigInt', amount: { type: 'Decimal', precision: 20, scale: 2 }, day: 'Date', word: 'String' },
  async *rows({ sources }) { yield* sources.main.query('select * from money order by id') },
})`,
}
const FORMATS = {
  XLSX: ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  PARQUET: ['parquet', 'application/vnd.apache.parquet'],
} as const

let database: TestDatabase
let source: SourceDatabase
let directory: string
let bucket: LightObjectStore
let mail: Awaited<ReturnType<typeof createMailServer>>
let api: RunningApi
let worker: RunningProcess
let client: ReturnType<typeof createClient>
let s3: S3Client
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-formats-out-'))
  const reportsDirectory = join(directory, 'reports')
  await mkdir(reportsDirectory)
  for (const [name, text] of Object.entries(REPORTS)) await writeFile(join(reportsDirectory, name), text)
  database = await createDatabase()
  source = await createSourceDatabase(
    `create table money as select 9007199254740990 + n as id, (n + 123456789012345.67)::numeric(20, 2) as amount, date '2026-02-27' + n::int as day,
       case n when 1 then '=1+1' else 'žalia ' || n end as word from generate_series(1, 300) n`,
  )
  bucket = await openLightObjectStore()
  mail = await createMailServer()
  const options = {
    databaseUrl: database.url,
    redisUrl: inject('redisUrl'),
    dataDirectory: directory,
    reportsDirectory,
    sources: { main: source.url },
    env: {
      ...bucket.environment,
      BROADSHEET_BUCKETS: JSON.stringify({ lake: { url: `s3://${bucket.bucket}/lake` } }),
      SMTP_URL: mail.url,
      SMTP_FROM: 'Broadsheet <reports@example.com>',
      BROADSHEET_EMAIL_DOMAINS: 'example.com',
    },
  }
  ;[api, worker] = await Promise.all([startApi(options), startWorker(options)])
  client = createClient(api.url, api.adminToken)
  const { id, secret } = bucket.access.aws.keys!
  s3 = new S3Client({
    endpoint: bucket.access.endpoint!,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId: id, secretAccessKey: secret },
  })
})
// Installed on first use, which is no part of what the tests take.
beforeAll(async () => void (await formatOracles()), 130_000)
afterAll(async () => {
  await client?.close()
  for (const each of [api, worker]) {
    each?.kill('SIGKILL')
    await each?.stopped
  }
  s3?.destroy()
  await mail?.close()
  await bucket?.close()
  await source?.drop()
  await database?.drop()
  await rm(directory, { recursive: true, force: true })
})

describe.each(['money', 'moneyInCode'])('%s', (report) => {
  test.each(['XLSX', 'PARQUET'] as const)(
    '%s by a signed link, in a bucket and attached to an e-mail: the same bytes, named and typed',
    async (format) => {
      const [extension, type] = FORMATS[format]
      const sent = mail.mails.length
      const id = await client.request({
        report: { [report]: {} },
        format,
        deliveries: [
          { bucket: { bucket: 'lake', key: `${report}/{date}.${extension}` } },
          { email: { to: ['ada@example.com'], attach: true } },
        ],
      } as never)
      const { document } = await client.reached(id, 'SUCCEEDED')
      const day = new Date().toISOString().slice(0, 10)
      const fileName = `pinigai-${day}.${extension}`
      expect(document).toMatchObject({ rowCount: 300, contentType: type, fileName })

      const response = await fetch(document!.downloadUrl)
      const bytes = Buffer.from(await response.arrayBuffer())
      expect(response.status).toBe(200)
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': type,
        'content-length': String(bytes.length),
        'content-disposition': expect.stringContaining(`filename="${fileName}"`) as string,
        etag: `"${document!.sha256}"`,
        'x-content-type-options': 'nosniff',
      })
      expect(response.headers.get('content-encoding')).toBeNull()
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(document!.sha256)
      const part = await fetch(document!.downloadUrl, { headers: { range: 'bytes=-20' } })
      expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([206, bytes.subarray(-20)])
      await read[format](bytes)

      const object = await until(
        () =>
          s3
            .send(new GetObjectCommand({ Bucket: bucket.bucket, Key: `lake/default/${report}/${day}.${extension}` }))
            .catch((error: Error) => {
              if (error.name === 'NoSuchKey') return null
              throw error
            }),
        { timeout: 20_000, what: 'the object is there' },
      )
      expect([object!.ContentType, object!.ContentDisposition]).toEqual([type, expect.stringContaining(fileName)])
      expect(Buffer.from(await object!.Body!.transformToByteArray()).equals(bytes)).toBe(true)

      await until(() => mail.mails.length > sent, { timeout: 20_000, what: 'the letter is there' })
      const { attachments } = mail.mails.at(-1)!.read
      expect(attachments).toMatchObject([{ filename: fileName, mimeType: type, disposition: 'attachment' }])
      expect(Buffer.from(attachments[0]!.content as ArrayBuffer).equals(bytes)).toBe(true)
    },
    60_000,
  )
})

/** By programs that know nothing of this service: every id and every amount, with all of their digits. */
const read = {
  async XLSX(bytes: Buffer) {
    const sheet = (await formatOracles()).sheet(bytes)
    expect(sheet).toHaveLength(301)
    expect(sheet[0]!.map((cell) => cell!.v)).toEqual(['id', 'amount', 'day', 'word'])
    // More digits than a spreadsheet's numbers have: text, to the last of them.
    expect(sheet[2]!.slice(0, 2).map((cell) => cell!.v)).toEqual(['9007199254740992', '123456789012347.67'])
    expect([sheet[2]![2]!.t, sheet[2]![2]!.w, sheet[1]![3]!.v]).toEqual(['n', '2026-03-01', '=1+1'])
    if (!HAS_LIBREOFFICE) return
    const lines = (await shownByLibreOffice(bytes)).trimEnd().split('\n')
    expect(lines).toHaveLength(301)
    expect(lines.slice(0, 3)).toEqual([
      '"id","amount","day","word"',
      '"9007199254740991","123456789012346.67",2026-02-28,"=1+1"',
      '"9007199254740992","123456789012347.67",2026-03-01,"žalia 2"',
    ])
  },
  async PARQUET(bytes: Buffer) {
    const path = join(directory, 'it.parquet')
    await writeFile(path, bytes)
    const { duckdb } = await formatOracles()
    expect((await duckdb('select column_type from (describe select * from ?)', path)).flat()).toEqual([
      'BIGINT',
      'DECIMAL(20,2)',
      'DATE',
      'VARCHAR',
    ])
    const rows = await duckdb('select id::varchar, amount::varchar, day::varchar, word from ? order by id', path)
    const own = await source.sql<{ cells: string[] }>(
      'select array[id::text, amount::text, day::text, word] as cells from money order by id',
    )
    expect(rows).toEqual(own.map(({ cells }) => cells))
  },
}

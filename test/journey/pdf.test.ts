import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import { createLog } from '../../src/log.ts'
import { openStore } from '../../src/stores/index.ts'
import { removeLeftovers } from '../../worker/sweeper.ts'
import { openPdfScene, type PdfScene } from '../support/pdf-scene.ts'
import { drawInvoice, drawPdf, drawStatement, movement } from '../support/pdfs.ts'
import { startApi } from '../support/service.ts'
import { until } from '../support/until.ts'
import { createWarehouseScene, type WarehouseScene } from '../support/warehouse-scene.ts'

let scene: PdfScene
let warehouse: WarehouseScene
beforeAll(async () => {
  warehouse = await createWarehouseScene()
  const reach = { url: warehouse.url, tables: ['loads.*'], modes: ['APPEND'] }
  scene = await openPdfScene({ BROADSHEET_WAREHOUSES: JSON.stringify({ main: reach }) })
})
afterAll(async () => {
  await scene?.close()
  await warehouse?.drop()
})

const drawnStatement = (count: number) => drawPdf((page) => void drawStatement(page, count))

describe('a PDF', () => {
  test('is brought, read and downloaded as CSV', async () => {
    const id = await scene.table(await scene.upload(await drawPdf(drawInvoice)))
    const { document } = await scene.client.reached(id, 'SUCCEEDED')
    expect((await scene.client.download(id)).toString()).toBe(
      `Pos,Description,Qty,Unit price,Amount (EUR)
1,"Consulting services in October (remote, as agreed on the phone)",12.5,140.00,"1,750.00"
2,Hosting,1,49.90,49.90
3,"Licence renewal for the editorial desk: five seats, one year, with support until 2027-10-31",5,"1,240.00","6,200.00"
4,Discount,,,-199.90
,,,Subtotal,"7,800.00"
,,,VAT 21 %,"1,638.00"
,,,Total due,"9,438.00"
`,
    )
    expect(document).toMatchObject({ rowCount: 7, summary: { file: 'statement.pdf', pages: 1, rows: 7, totals: 3 } })
  })

  test('comes out with names and numbers for a database, without its totals', async () => {
    const more = { names: 'SNAKE_CASE', decimalMark: 'POINT', totals: 'DROP' }
    const id = await scene.table(await scene.upload(await drawPdf(drawInvoice)), more)
    await scene.client.reached(id, 'SUCCEEDED')
    const lines = (await scene.client.download(id)).toString().split('\n')
    expect(lines[0]).toBe('pos,description,qty,unit_price,amount_eur')
    expect(lines[1]).toMatch(/,12.5,140.00,1750.00$/)
    expect(lines.slice(4)).toEqual(['4,Discount,,,-199.90', ''])
  })

  test('of many pages tells how far it is by pages', async () => {
    const file = await scene.upload(await drawnStatement(2_000))
    const id = await scene.table(file)
    const events = await scene.client.watched(id)
    const pages = events.flatMap(
      ({ message }) =>
        /^page (\d+) of (\d+)$/
          .exec(message ?? '')
          ?.slice(1)
          .map(Number) ?? [],
    )
    expect(events.at(-1)!.status).toBe('SUCCEEDED')
    expect(pages.length).toBeGreaterThan(4)
    expect(Math.max(...pages)).toBeGreaterThan(50)
    const between = events.filter(({ percent }) => percent != null && percent > 0 && percent < 99)
    expect(between.length).toBeGreaterThan(1)
    expect((await scene.client.report(id)).document).toMatchObject({ rowCount: 2_000 })
  })

  test('that can not be read is a final failure after one attempt, which says why', async () => {
    const bytes = await drawPdf(drawInvoice, { userPassword: 'secret', ownerPassword: 'more' })
    const encrypted = await scene.table(await scene.upload(bytes))
    const text = Buffer.from('a,b\n1,2\n')
    const noPdf = await scene.table(await scene.upload(text, 'text/csv'))
    for (const [id, code, words] of [
      [encrypted, 'INVALID_PARAMETERS', 'encrypted'],
      [noPdf, 'INVALID_PARAMETERS', 'no PDF'],
    ]) {
      // prettier-ignore
      await scene.client.reached(id!, 'FAILED')
      const { report } = await scene.ask(`query ($id: ID!) { report(id: $id) { attempt failure { code message retryable } } }`, { id }) // prettier-ignore
      expect(report).toEqual({
        attempt: 1,
        failure: { code, message: expect.stringContaining(words!), retryable: false },
      })
    }
  })
})

describe('on a date, into a warehouse', () => {
  const CREATE = `mutation ($file: ID!, $at: DateTime!) { createSchedule(input: {
    title: "October", cadence: { at: $at }, report: { pdfTables: { file: $file, names: SNAKE_CASE, decimalMark: POINT, totals: DROP } }
    deliveries: [{ warehouse: { warehouse: "main", table: "loads.statement" } }] }) { schedule { id } userErrors { field message code } } }`
  const SLOTS = `query ($id: ID!) { schedule(id: $id) { nextRunAt slots { nodes { scheduledFor outcome reason
    report { status failure { message } deliveries { status lastError } } } } } }`

  test('the rows of a statement arrive once, and the ledger says so', async () => {
    await warehouse.sql(`create table loads.statement (date text, value_date text, details text, debit numeric, credit numeric, balance numeric)`) // prettier-ignore
    await warehouse.sql('grant insert, delete on loads.statement to loader')
    const file = await scene.upload(await drawnStatement(150))
    const at = new Date(Date.now() + 2_500).toISOString()
    const { createSchedule } = await scene.ask(CREATE, { file, at })
    expect(createSchedule.userErrors).toEqual([])
    // The file's own day is over before the slot comes: the schedule keeps it.
    await scene.database.sql(`update broadsheet.upload set expires_at = now() - interval '1 hour', used_at = now() - interval '1 hour'`) // prettier-ignore
    const slots = await until(
      async () => {
        const { schedule } = await scene.ask(SLOTS, { id: createSchedule.schedule.id })
        const [delivery] = schedule.slots.nodes[0]?.report?.deliveries ?? []
        return delivery?.status === 'SUCCEEDED' ? schedule : null
      },
      { timeout: 30_000, what: 'the rows are in the warehouse' },
    )
    expect(slots).toEqual({
      nextRunAt: null,
      slots: {
        nodes: [
          {
            scheduledFor: at,
            outcome: 'REQUESTED',
            reason: null,
            report: { status: 'SUCCEEDED', failure: null, deliveries: [{ status: 'SUCCEEDED', lastError: null }] },
          },
        ],
      },
    })
    const movements = Array.from({ length: 150 }, (_, index) => movement(index))
    const sumOf = (column: number) =>
      movements.reduce((sum, cells) => sum + Math.round(Number((cells[column] ?? '0').replace(',', '')) * 100), 0) / 100
    const [row] = await warehouse.sql<object>(
      `select count(*)::int as rows, sum(debit)::float8 as debit, sum(credit)::float8 as credit, count(date)::int as dates from loads.statement`,
    )
    expect(row).toEqual({
      rows: 150,
      debit: sumOf(3),
      credit: sumOf(4),
      dates: movements.filter(([date]) => date !== null).length,
    })
  })
})

test('an API that is killed while bytes come leaves nothing for ever, and the upload waits for another PUT', async () => {
  const doomed = await startApi(scene.options)
  const bytes = await drawPdf(drawInvoice)
  const { url, headers, upload } = await scene.announce(bytes)
  const there = url.replace(/^https?:\/\/[^/]+/, doomed.url)
  const store = await openStore(`file:${scene.directory}/documents`)
  const kept = () => Array.fromAsync(store.olderThan('', new Date(Date.now() + 60_000)))
  const before = (await kept()).length
  const sending = httpRequest(there, { method: 'PUT', headers: { ...headers, 'content-length': bytes.length } })
  sending.on('error', () => undefined) // the server is killed
  sending.write(bytes.subarray(0, 1_000))
  await until(async () => (await kept()).length > before, { what: 'the first bytes are there' })
  doomed.kill('SIGKILL')
  await doomed.stopped
  expect(await kept()).toHaveLength(before + 1)
  const database = await scene.database.open(WORKER_ROLE)
  const log = createLog({ level: 'silent', process: 'test' })
  expect(await removeLeftovers({ database, store, log, before: new Date(Date.now() + 60_000) })).toBe(1)
  expect(await kept()).toHaveLength(before)
  expect((await fetch(url, { method: 'PUT', headers, body: bytes as never })).status).toBe(204)
  const id = await scene.table(upload.id)
  expect((await scene.client.reached(id, 'SUCCEEDED')).document).toMatchObject({ rowCount: 7 })
})

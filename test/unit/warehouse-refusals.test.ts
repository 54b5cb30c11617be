import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWarehouse } from '../../src/channels/warehouse.ts'
import { NotFound } from '../../src/errors.ts'
import { until } from '../support/until.ts'
import {
  createWarehouseScene,
  documentOf,
  handoverOf,
  log,
  targetOf,
  type WarehouseScene,
} from '../support/warehouse-scene.ts'

let scene: WarehouseScene
beforeAll(async () => {
  scene = await createWarehouseScene()
})
afterAll(() => scene.drop())

const ROWS = 'id,name\n1,one\n2,"two, ""quoted"" and\nbroken"\n3,Grüße\n'
const rows = (more = {}) => documentOf(['id', 'name'], ROWS, { rowCount: 3, ...more })
const table = (name: string, columns: string) => scene.sql(`create table loads.${name} (${columns})`)
const refused = (message: unknown, retryable = false) => ({ name: 'DeliveryFailed', retryable, message })

test('a document of another form than was let in: its report may have been changed since', async () => {
  await table('forms', 'id int, name text')
  for (const form of [
    { csvDialect: 'EXCEL' },
    { format: 'NDJSON' },
    { format: 'XLSX' },
    { format: 'PARQUET' },
  ] as const)
    await expect(scene.load('forms', await rows(form))).rejects.toMatchObject(
      refused(expect.stringContaining('CSV in dialect POSTGRES')),
    )
  expect(await scene.count('forms')).toBe(0)
})

describe('all or nothing', () => {
  /** The table has what it had, and the delivery may be tried again. */
  async function nothing(name: string, document: Awaited<ReturnType<typeof rows>>, error: object, mode?: 'REPLACE') {
    const before = await scene.sql(`select * from loads.${name}`)
    const { deliveryId } = handoverOf(document)
    await expect(scene.load(name, document, { deliveryId, ...(mode && { mode }) })).rejects.toMatchObject(error)
    await until(async () => (await scene.sessions()).length === 0, { what: 'no session is left' })
    expect(await scene.sql(`select * from loads.${name}`)).toEqual(before)
    expect(await scene.sql('select * from loads.broadsheet_delivery where delivery_id = $1', [deliveryId])).toEqual([])
  }
  const many = (last: string) =>
    documentOf(
      ['id', 'name'],
      `id,name\n${Array.from({ length: 20_000 }, (_, i) => `${i + 1},n\n`).join('')}${last}\n`,
      { rowCount: 20_001 },
    )

  beforeAll(async () => {
    await table('strict', `id int primary key check (id > 0), name text not null, parent int references loads.strict`)
    await scene.sql(`insert into loads.strict values (77777, 'here', null)`)
  })

  test.each([
    [
      'a bad last row',
      'x,n',
      'A value does not fit, at column "id", line 20002 of the document (22P02). Nothing was loaded.',
    ],
    [
      'a number too large',
      '99999999999,n',
      'A value does not fit, at column "id", line 20002 of the document (22003). Nothing was loaded.',
    ],
    [
      'a key that is there',
      '77777,n',
      'A row is there already: it breaks the unique rule "strict_pkey" of the table, at line 20002 of the document (23505). Nothing was loaded.',
    ],
    [
      'a row that a check refuses',
      '-5,n',
      'A row breaks the check "strict_id_check" of the table, at line 20002 of the document (23514). Nothing was loaded.',
    ],
    [
      'an empty cell',
      '20001,',
      'A cell is empty that may not be, at column "name", line 20002 of the document (23502). Nothing was loaded.',
    ],
    [
      'a cell too many',
      '20001,n,1',
      'The document does not fit the load, at line 20002 of the document (22P04). Nothing was loaded.',
    ],
  ])('%s', async (_, last, message) => {
    await nothing('strict', await many(last), refused(message))
    if (!message.includes('unique')) await nothing('strict', await many(last), refused(message), 'REPLACE')
  })

  test('the words hold no value, statement, host or role', async () => {
    const secret = 'Erika Mustermann'
    await expect(scene.load('strict', await many(`${secret},n`))).rejects.toMatchObject({
      message: expect.not.stringMatching(/Erika|copy|127\.0\.0\.1|loader|password/i) as string,
    })
  })

  test('columns that the table has not, computes, or misses', async () => {
    await table(
      'shape',
      'id int, total int generated always as (id * 2) stored, day date not null, note text not null default now()',
    )
    const document = await documentOf(['id', 'total', 'nom', 'née'], 'id,total,nom,née\n', { rowCount: 0 })
    await nothing(
      'shape',
      document,
      refused(
        'The table has no columns "nom", "née". The table computes column "total" itself. The table needs column "day", which the report does not have.',
      ),
    )
    await nothing(
      'shape',
      await documentOf(['id', 'id'], 'id,id\n', { rowCount: 0 }),
      refused(expect.stringContaining('a column twice')),
    )
  })

  test('a header that is not what the report said', async () => {
    await table('header', 'id int, name text')
    await nothing(
      'header',
      await documentOf(['name', 'id'], ROWS, { rowCount: 3 }),
      refused('The document does not fit the load, at line 1 of the document (22P04). Nothing was loaded.'),
    )
  })

  test('rows that a trigger swallows', async () => {
    await table('picky', 'id int, name text')
    await scene.sql(
      `create function loads.pick() returns trigger language plpgsql as $$ begin return case when new.id <> 2 then new end; end $$`,
    )
    await scene.sql(`create trigger pick before insert on loads.picky for each row execute function loads.pick()`)
    await nothing(
      'picky',
      await rows(),
      refused('The warehouse took 2 rows of 3: a trigger or rule of the table leaves rows out. Nothing was loaded.'),
    )
  })

  test('a NOT NULL column that a trigger fills is no fault', async () => {
    await table('filled', 'id int, name text, day date not null')
    await scene.sql(
      `create function loads.fill() returns trigger language plpgsql as $$ begin new.day = '2026-01-01'; return new; end $$`,
    )
    await scene.sql(`create trigger fill before insert on loads.filled for each row execute function loads.fill()`)
    await scene.load('filled', await rows())
    expect(await scene.count('filled')).toBe(3)
  })

  test('a document that is gone, breaks off, or is another', async () => {
    await table('bytes', 'id int, name text')
    const good = await rows()
    await nothing('bytes', { ...good, open: () => Promise.reject(new NotFound()) }, refused('The document is gone.'))
    async function* broken() {
      yield Buffer.from('id,name\n1,one\n')
      throw Object.assign(new Error('read ECONNRESET 10.0.0.1'), { code: 'ECONNRESET' })
    }
    await nothing(
      'bytes',
      { ...good, open: async () => Readable.from(broken()) },
      refused('The document could not be read.', true),
    )
    // The last line is cut, and would still be three rows.
    const cut = { ...good, open: async () => Readable.from([Buffer.from(ROWS.slice(0, -3))]) }
    await nothing('bytes', cut, refused('The document was not read as it was written.', true))
    // Told to be compressed, and is not.
    for (const compression of ['GZIP', 'ZSTD'] as const)
      await nothing('bytes', { ...good, compression }, refused('The document was not read as it was written.', true))
    await nothing(
      'bytes',
      { ...(await rows({ compression: 'GZIP' })), sha256: good.sha256 },
      refused(expect.stringContaining('not read as it was written'), true),
    )
  })

  test('no document, no table, no right, no warehouse', async () => {
    await expect(scene.load('nowhere', await rows())).rejects.toMatchObject(refused('The warehouse has no such table.'))
    await scene.sql('create view loads.seen as select 1 as id')
    await expect(scene.load('seen', await rows())).rejects.toMatchObject(refused('The warehouse has no such table.'))
    await expect(scene.channel.deliver(targetOf('bytes'), handoverOf(null))).rejects.toMatchObject(
      refused('There is no document to load.'),
    )
    await table('closed', 'id int, name text')
    await scene.sql('revoke all on loads.closed from loader')
    const rights = refused(
      'The service has not the rights at the warehouse that this load needs: the operator has to grant them (42501). Nothing was loaded.',
    )
    await nothing('closed', await rows(), rights)
    await scene.sql('grant insert on loads.closed to loader')
    await nothing('closed', await rows(), rights, 'REPLACE')
    await scene.load('closed', await rows())
  })

  test('what the operator has taken back since', async () => {
    for (const more of [{ tables: ['finance.*'] }, { modes: ['REPLACE' as const] }]) {
      const channel = createWarehouse({ warehouses: { main: { ...scene.reach, ...more } }, log })
      await expect(channel.deliver(targetOf('bytes'), handoverOf(await rows()))).rejects.toMatchObject(
        refused('The operator does not allow this load any more.'),
      )
    }
    const none = createWarehouse({ warehouses: {}, log })
    await expect(none.deliver(targetOf('bytes'), handoverOf(await rows()))).rejects.toMatchObject(
      refused(expect.stringContaining('any more')),
    )
    await expect(scene.load('broadsheet_delivery', await rows())).rejects.toMatchObject(
      refused(expect.stringContaining('any more')),
    )
  })

  test('a warehouse that is away, or refuses the password, is tried again', async () => {
    const away = 'The warehouse did not answer, or the connection to it was lost.'
    for (const url of [
      'postgres://loader:password@127.0.0.1:1/broadsheet',
      scene.url.replace(':password@', ':wrong@'),
      scene.url.replace('/broadsheet', '/nowhere'),
    ]) {
      const channel = createWarehouse({ warehouses: { main: { ...scene.reach, url } }, log })
      await expect(channel.deliver(targetOf('bytes'), handoverOf(await rows()))).rejects.toMatchObject(
        refused(away, true),
      )
    }
  })
})

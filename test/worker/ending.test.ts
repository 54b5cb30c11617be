import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v7 as uuid } from 'uuid'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { claimReport, type Claimed } from '../../src/claim/claim.ts'
import { createHolding, type Holding } from '../../src/claim/holding.ts'
import type { Database } from '../../src/db/orm.ts'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { reportsIn } from '../support/reports.ts'

const workerId = uuid()
let owner: TestDatabase
let database: Database
let directory: string
let reports: ReturnType<typeof reportsIn>
let holding: Holding
let held: Claimed

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-ending-'))
  await writeFile(join(directory, 'plain.sql'), 'select 1')
  owner = await createDatabase()
  database = await owner.open(WORKER_ROLE)
  reports = reportsIn(owner, directory)
  holding = createHolding({ database, workerId })
})
afterAll(async () => {
  await owner.drop()
  await rm(directory, { recursive: true })
})
beforeEach(async () => {
  await owner.sql('delete from broadsheet.report')
  await reports.ask('plain.sql')
  held = await claimed()
})

const claimed = async () => (await claimReport(database, { workerId, types: ['plain'], tenantMaxRunning: null }))!
const standing = (sequence: number) => ({
  sequence,
  stage: 'WRITING' as const,
  percent: 40,
  rowsWritten: 4,
  rowsTotal: 10,
  bytesWritten: 44,
  message: 'on the way',
  etaSeconds: 6,
})
const tell = () =>
  holding.tell(new Map([[held.id, { attempt: held.attempt, standing: standing(held.epoch * 2 ** 20 + 5) }]]), true)

test('the end of an attempt says no less than was published before, though the row is behind', async () => {
  const last = {
    ...standing(0),
    percent: 46.7,
    rowsWritten: 40,
    bytesWritten: 400,
    rowsTotal: 80,
    message: 'further',
  }
  const told = { rowsWritten: 40, bytesWritten: 400, rowsTotal: 80, message: 'further' }
  await tell()
  expect(await holding.handBack(held, last)).toMatchObject({ status: 'QUEUED', percent: null, ...told })
  held = await claimed()
  const failure = { code: 'INTERNAL', message: 'x', retryable: false } as const
  expect(await holding.fail(held, failure, last)).toMatchObject({ status: 'FAILED', percent: 46.7, ...told })
  await reports.ask('plain.sql')
  held = await claimed()
  expect(await holding.fail(held, { ...failure, retryable: true }, last)).toMatchObject({
    status: 'QUEUED',
    percent: null,
    ...told,
  })
  await owner.sql(`update broadsheet.report set available_at = now()`)
  held = await claimed()
  await tell()
  await reports.cancel(held.id)
  expect(await holding.canceled(held, last)).toMatchObject({ status: 'CANCELED', percent: 46.7, ...told })
  expect(await reports.read(held.id)).toMatchObject({ percent: 46.7, ...told })
})

test('nothing published, or less than the row has: the row stays', async () => {
  await tell()
  await reports.cancel(held.id)
  expect(
    await holding.canceled(held, {
      ...standing(0),
      percent: null,
      rowsWritten: 1,
      bytesWritten: 1,
      rowsTotal: null,
      message: null,
    }),
  ).toMatchObject({
    percent: 40,
    rowsWritten: 4,
    rowsTotal: 10,
    bytesWritten: 44,
    message: 'on the way',
  })
})

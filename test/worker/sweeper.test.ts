import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { v7 as uuid } from 'uuid'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { claimReport } from '../../src/claim/claim.ts'
import type { Database } from '../../src/db/orm.ts'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import { createLog } from '../../src/log.ts'
import { openLocalStore } from '../../src/stores/local.ts'
import { storageFailed } from '../../src/stores/storage-failed.ts'
import type { Store } from '../../src/stores/store.ts'
import { createSweeper, removeLeftovers } from '../../worker/sweeper.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { reportsIn } from '../support/reports.ts'
import { until } from '../support/until.ts'

const log = createLog({ level: 'silent', process: 'test' })
const broken = () => storageFailed(Object.assign(new Error('EPERM'), { code: 'EPERM' }))
let owner: TestDatabase
let database: Database
let directory: string
let store: Store

beforeAll(async () => {
  owner = await createDatabase()
  database = await owner.open(WORKER_ROLE)
})
afterAll(() => owner.drop())
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-sweeper-'))
  store = await openLocalStore(join(directory, 'documents'))
  return () => rm(directory, { recursive: true, force: true })
})

/** Bytes that no report names; their keys. */
async function leave(count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, () => `default/${uuid()}/1`)
  for (const key of keys) {
    const pending = await store.write(key, new AbortController().signal)
    pending.stream.end('x')
    await finished(pending.stream)
    await pending.promote()
  }
  return keys
}
const later = () => new Date(Date.now() + 60_000)

test('one key that can not be removed keeps no other from being removed', async () => {
  const keys = await leave(5)
  const stuck = keys[2]!
  const remove = (key: string) => (key === stuck ? Promise.reject(broken()) : store.remove(key))
  expect(await removeLeftovers({ database, store: { ...store, remove }, log, before: later() })).toBe(4)
  expect(await Promise.all(keys.map((key) => store.size(key)))).toEqual([null, null, 1, null, null])
})

test('a store that removes nothing is not asked for ever', async () => {
  let asked = 0
  async function* olderThan() {
    for (let i = 0; i < 1_000; i++) yield `default/${uuid()}/1`
  }
  const remove = () => ((asked += 1), Promise.reject(broken()))
  await expect(
    removeLeftovers({ database, store: { ...store, olderThan, remove }, log, before: later() }),
  ).rejects.toThrow('may not be written')
  expect(asked).toBe(100)
})

test('a slow step that fails has its turn again when it comes, not with every step', async () => {
  await writeFile(join(directory, 'plain.sql'), 'select 1')
  const reports = reportsIn(owner, directory)
  let swept = 0
  let takenBack = 0
  // oxlint-disable-next-line require-yield -- a listing that fails at its first key
  async function* olderThan(): AsyncGenerator<string> {
    swept += 1
    throw broken()
  }
  const sweeper = createSweeper({
    database,
    store: { ...store, olderThan },
    rowRetention: 1_000_000,
    onEvent: () => void (takenBack += 1),
    log,
    every: 5,
  })
  try {
    await until(() => swept > 0)
    // Each report that is lost by now and taken back is a step that has come by.
    for (let step = 1; step <= 3; step++) {
      await reports.ask('plain.sql')
      await claimReport(database, { workerId: uuid(), types: ['plain'], tenantMaxRunning: null })
      await owner.sql(
        `update broadsheet.report set lease_expires_at = now() - interval '1 minute' where status = 'RUNNING'`,
      )
      await until(() => takenBack >= step)
    }
    expect(swept).toBe(1)
  } finally {
    await sweeper.close()
  }
})

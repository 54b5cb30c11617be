import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v7 as uuid } from 'uuid'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Database } from '../../src/db/orm.ts'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import { claimReport } from '../../src/claim/claim.ts'
import { takeBackLost } from '../../src/claim/upkeep.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { reportsIn } from '../support/reports.ts'

/** What kills its workers takes no neighbour along (with a real SIGKILL: test/faults/long/poison.test.ts). */
let owner: TestDatabase
let database: Database
let directory: string
let reports: ReturnType<typeof reportsIn>
const claim = (workerId: string) => claimReport(database, { workerId, types: ['plain'], tenantMaxRunning: null })

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-suspects-'))
  await writeFile(join(directory, 'plain.sql'), 'select 1')
  owner = await createDatabase()
  database = await owner.open(WORKER_ROLE)
  reports = reportsIn(owner, directory)
})
afterAll(async () => {
  await owner.drop()
  await rm(directory, { recursive: true })
})
beforeEach(() => owner.sql('delete from broadsheet.report'))

/** A worker that claims both of two reports, or as many as it may, and dies. Answers what it had. */
async function workerDies(): Promise<string[]> {
  const worker = uuid()
  const held = [await claim(worker), await claim(worker)].flatMap((one) => one?.id ?? [])
  await owner.sql(`update broadsheet.report set lease_expires_at = now() - interval '1 second' where worker_id = $1`, [
    worker,
  ])
  await takeBackLost(database)
  return held
}

test('two that were lost together twice are never held by one worker again', async () => {
  const both = [await reports.ask('plain.sql'), await reports.ask('plain.sql')]
  for (const _ of [1, 2]) expect((await workerDies()).toSorted()).toEqual(both.toSorted())
  const [culprit, ...more] = await workerDies()
  expect(more).toEqual([])
  expect(await reports.read(culprit!)).toMatchObject({ status: 'FAILED', failure: { code: 'WORKER_LOST' } })
  const neighbour = both.find((id) => id !== culprit)!
  expect(await claim(uuid())).toMatchObject({ id: neighbour, attempt: 3, charged: 3 })
})

test('another worker takes the second of them', async () => {
  await reports.ask('plain.sql')
  await reports.ask('plain.sql')
  await workerDies()
  await workerDies()
  const [first, second] = [uuid(), uuid()]
  expect(await claim(first)).not.toBeNull()
  expect(await claim(first)).toBeNull()
  expect(await claim(second)).not.toBeNull()
})

test('a loss beside a suspect is put down to that alone', async () => {
  const suspect = await reports.ask('plain.sql')
  await workerDies()
  await workerDies()
  const neighbour = await reports.ask('plain.sql')
  expect((await workerDies()).toSorted()).toEqual([suspect, neighbour].toSorted())
  expect(await reports.read(suspect)).toMatchObject({ status: 'FAILED' })
  expect(await claim(uuid())).toMatchObject({ id: neighbour, attempt: 2, charged: 1 })
})

test('a worker is lost as a whole: also what it claimed last, but not what another holds', async () => {
  const [dead, alive] = [uuid(), uuid()]
  const [first, last, foreign] = [
    await reports.ask('plain.sql'),
    await reports.ask('plain.sql'),
    await reports.ask('plain.sql'),
  ]
  for (const worker of [dead, dead, alive]) await claim(worker)
  const leaves = (id: string, seconds: number) =>
    owner.sql(`update broadsheet.report set lease_expires_at = now() + make_interval(secs => $2) where id = $1`, [
      id,
      seconds,
    ])
  await leaves(first!, -1)
  await leaves(last!, 4)
  await leaves(foreign!, 4)
  expect((await takeBackLost(database)).map(({ reportId }) => reportId).toSorted()).toEqual([first, last].toSorted())
})

test('one whose lease was renewed with the others stays where it is', async () => {
  const worker = uuid()
  const [first, renewed] = [await reports.ask('plain.sql'), await reports.ask('plain.sql')]
  for (const _ of [1, 2]) await claim(worker)
  await owner.sql(`update broadsheet.report set lease_expires_at = now() - interval '1 second' where id = $1`, [first])
  expect(await takeBackLost(database)).toMatchObject([{ reportId: first }])
  expect(await reports.read(renewed)).toMatchObject({ status: 'RUNNING' })
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../support/database.ts'

const SCRIPT = fileURLToPath(new URL('../../scripts/worker-health.ts', import.meta.url))

let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase()
})
afterAll(() => database?.drop())

/** As docker-compose.yml asks: the exit code, and what it says. */
async function ask(databaseUrl = database.url): Promise<[code: number, words: string]> {
  const child = spawn(process.execPath, [SCRIPT], {
    env: { DATABASE_URL: databaseUrl, REDIS_URL: 'redis://unused', BROADSHEET_SECRET: 'x'.repeat(32) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [words, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  return [code as number, words]
}

const present = (host: string, secondsAgo: number) =>
  database.sql(
    `insert into broadsheet.worker (id, host, pid, concurrency, types, last_seen_at)
     values (gen_random_uuid(), $1, 1, 1, '{}', clock_timestamp() - make_interval(secs => $2))`,
    [host, secondsAgo],
  )

test('a worker is well when one of this machine has lately said that it is there', async () => {
  await present('elsewhere', 0)
  await present(hostname(), 31)
  expect(await ask()).toEqual([1, expect.stringContaining(`no worker of ${hostname()}`)])
  await present(hostname(), 5)
  expect(await ask()).toEqual([0, ''])
})

test('and not well where the database does not answer', async () => {
  const [code, words] = await ask('postgres://nobody@127.0.0.1:1/nothing')
  expect([code, words]).toEqual([1, expect.stringMatching(/^Not well: .*ECONNREFUSED/)])
})

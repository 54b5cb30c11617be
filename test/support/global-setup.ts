import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { redisProgram } from '../../src/embedded/redis-program.ts'
import { startRedis } from '../../src/embedded/redis.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser of the suite's Postgres, database "postgres". Its zone is not UTC, on purpose. */
    postgresUrl: string
    /** The suite's Redis, never on 6379. */
    redisUrl: string
    /** The server's program, for a Redis of a test's own: PATH may have none by that name. */
    redisProgram: string
  }
}

/** One real Postgres and one real Redis for the whole run, in a directory that goes with it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-test-'))
  await chmod(directory, 0o755)
  const say = (line: string) => console.error(line)
  const postgres = await startPostgres({ dataDirectory: directory, durable: false, timeZone: 'Asia/Kathmandu', say })
  const redis = await startRedis({ dataDirectory: directory, durable: false, say })
  project.provide('postgresUrl', postgres.url('postgres'))
  project.provide('redisUrl', redis.url)
  project.provide('redisProgram', await redisProgram(directory, say))
  return async () => {
    await Promise.all([redis.stop(), postgres.stop()])
    await rm(directory, { recursive: true, force: true })
  }
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { reportsIn } from '../support/reports.ts'
import { childrenOf, startWorker } from '../support/service.ts'
import { createSourceDatabase } from '../support/source-database.ts'
import { until } from '../support/until.ts'

/** Past the 50 attempts that a child carries out for authors' code. */
const MANY = 55
const FILES = {
  'one.sql': `/*---\ntitle: One\nsource: main\ntenancy: shared\n---*/\nselect 1 as one`,
  'one_too.ts': `import { defineReport } from 'broadsheet/define'
export default defineReport({ title: 'One, too', parameters: {}, columns: { one: 'Int' }, async *rows() { yield { one: 1 } } })`,
}

test('a child is replaced after many attempts of authors’ code, and not after as many of SQL', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-wear-'))
  await Promise.all(Object.entries(FILES).map(([name, text]) => writeFile(join(directory, name), text)))
  const [database, source] = await Promise.all([createDatabase(), createSourceDatabase('select 1')])
  const reports = reportsIn(database, directory, inject('redisUrl'))
  const worker = await startWorker({
    databaseUrl: database.url,
    redisUrl: inject('redisUrl'),
    dataDirectory: directory,
    reportsDirectory: directory,
    sources: { main: source.url },
    env: { WORKER_CONCURRENCY: '1', LOG_LEVEL: 'warn' },
  })
  const carryOut = async (file: keyof typeof FILES) => {
    for (let n = 0; n < MANY; n++) await reports.ask(file)
    await until(
      async () => (await database.sql(`select from broadsheet.report where status <> 'SUCCEEDED'`)).length === 0,
      { timeout: 60_000, what: 'all are done' },
    )
  }
  try {
    await until(async () => (await childrenOf(worker.pid)).length === 1, { what: 'a child is warm' })
    const [child] = await childrenOf(worker.pid)
    await carryOut('one.sql')
    expect(await childrenOf(worker.pid)).toEqual([child])
    await carryOut('one_too.ts')
    expect(await childrenOf(worker.pid)).not.toEqual([child])
  } finally {
    worker.kill('SIGKILL')
    await worker.stopped
    await reports.close()
    await database.drop()
    await source.drop()
    await rm(directory, { recursive: true })
  }
}, 150_000)

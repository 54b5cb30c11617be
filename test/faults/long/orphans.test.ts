import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { isAlive } from '../../support/process.ts'
import { reportsIn } from '../../support/reports.ts'
import { childrenOf, startWorker } from '../../support/service.ts'
import { until } from '../../support/until.ts'

/** Never gives its thread back. */
const LOOPS = `import { defineReport } from 'broadsheet/define'
export default defineReport({ title: 'Loops', parameters: {}, columns: { one: 'Int' }, async *rows() {
  for (;;);
} })`
const BAR = 2_000

let database: TestDatabase
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-orphans-'))
  await writeFile(join(directory, 'loops.ts'), LOOPS)
  database = await createDatabase()
})
afterAll(async () => {
  await database.drop()
  await rm(directory, { recursive: true })
})

/** True where the process has spent a third of a second in its own code since this was asked. */
async function busy(pid: number): Promise<boolean> {
  const ticks = async () => Number((await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')[11])
  const before = await ticks()
  return until(async () => (await ticks()) > before + 30, { timeout: 1_000 }).catch(() => false)
}

test('a child in an endless loop does not outlive a worker that is killed', async () => {
  const reports = reportsIn(database, directory, inject('redisUrl'))
  const worker = await startWorker({
    databaseUrl: database.url,
    redisUrl: inject('redisUrl'),
    dataDirectory: directory,
    reportsDirectory: directory,
    env: { WORKER_CONCURRENCY: '1' },
  })
  let children: number[] = []
  try {
    const id = await reports.ask('loops.ts')
    await until(async () => (await reports.read(id)).status === 'RUNNING')
    children = await childrenOf(worker.pid)
    expect(children).toHaveLength(1)
    await until(() => busy(children[0]!), { what: 'the child is in its loop' })
    worker.kill('SIGKILL')
    await worker.stopped
    const since = performance.now()
    await until(() => !children.some(isAlive), { timeout: BAR, what: 'the children are gone' })
    console.info(`an endless loop ended ${(performance.now() - since).toFixed(0)} ms after its worker (bar: ${BAR} ms)`)
  } finally {
    worker.kill('SIGKILL')
    for (const child of children) if (isAlive(child)) process.kill(child, 'SIGKILL')
    await reports.close()
  }
}, 40_000)

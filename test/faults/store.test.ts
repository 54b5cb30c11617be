import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../support/client.ts'
import { PACED, paced, rowId } from '../support/fault-reports.ts'
import { openScene, type Scene } from '../support/scene.ts'
import type { RunningApi, RunningProcess } from '../support/service.ts'
import { until } from '../support/until.ts'

/** About 9 KB a row: the first fits the small disk, the second does not. */
const [FITS, OVERFLOWS] = [20, 400]

let scene: Scene
let api: RunningApi
let worker: RunningProcess
let client: ReturnType<typeof createClient>
let documents: string
let mounted = false

beforeAll(async () => {
  scene = await openScene({ reports: { 'paced.sql': PACED } })
  documents = join(scene.directory, 'documents')
  await mkdir(documents)
  // Only root may mount; another user's disk is not to be filled.
  if (process.getuid?.() === 0)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'none', documents], { stdio: 'ignore' })
      mounted = true
    } catch (error) {
      console.info(`no small disk here: ${(error as Error).message}`)
    }
  ;[api, worker] = await Promise.all([scene.api(), scene.worker()])
  client = createClient(api.url, api.adminToken)
})
afterAll(async () => {
  await client.close()
  worker.kill('SIGKILL')
  await worker.stopped
  if (mounted) execFileSync('umount', ['--lazy', documents])
  await scene.close()
})

const remount = (options: string) => execFileSync('mount', ['-o', `remount,${options}`, documents])
const filesOf = async (id: string) =>
  (await readdir(documents, { recursive: true })).filter((name) => name.includes(rowId(id)))
/** Pauses between attempts are of no interest here. */
const hurry = (id: string) =>
  scene.sql(`update broadsheet.report set available_at = now() where id = $1 and status = 'QUEUED'`, [rowId(id)])

async function expectStorageFailed(id: string, message: string) {
  const report = await until(
    async () => {
      await hurry(id)
      const found = await client.report(id)
      return found.status === 'FAILED' ? found : null
    },
    { timeout: 20_000, what: 'it has failed' },
  )
  expect(report!.failure).toEqual({
    code: 'STORAGE_FAILED',
    message: expect.stringContaining(message) as string,
    retryable: true,
  })
  expect(report!.attempts).toHaveLength(3)
  expect(report!.document).toBeNull()
  expect(await filesOf(id)).toEqual([])
}
async function expectWorks(most: number) {
  const id = await client.request(paced(most, 0))
  const report = await client.reached(id, 'SUCCEEDED')
  expect(report.attempts).toHaveLength(1)
  expect((await client.download(id)).toString().split('\n')).toHaveLength(most + 2)
}

test('a full disk: STORAGE_FAILED with nothing left behind, and the next report works as soon as there is room', async ({
  skip,
}) => {
  if (!mounted) skip('a small disk needs root and mount')
  await expectWorks(FITS)
  await expectStorageFailed(await client.request(paced(OVERFLOWS, 0)), 'The store is full.')
  await expectWorks(FITS)
  remount('size=64m')
  await expectWorks(OVERFLOWS)
  expect([api.process.exitCode, worker.process.exitCode]).toEqual([null, null])
}, 60_000)

test('a store that may only be read: STORAGE_FAILED, what is there is served, /readyz says so, and it heals', async ({
  skip,
}) => {
  if (!mounted && process.getuid?.() === 0) skip('to root no directory is read-only')
  const kept = await client.request(paced(FITS, 0))
  await client.reached(kept, 'SUCCEEDED')
  if (mounted) remount('ro')
  else await chmod(join(documents, '.pending'), 0o500)
  const readiness = await fetch(`${api.url}/readyz`)
  expect([readiness.status, ((await readiness.json()) as { missing: string[] }).missing]).toEqual([503, ['store']])
  await expectStorageFailed(
    await client.request(paced(FITS, 0)),
    mounted ? 'The store is read-only.' : 'The store may not be written.',
  )
  expect((await client.download(kept)).length).toBeGreaterThan(FITS * 9000)
  if (mounted) remount('rw')
  else await chmod(join(documents, '.pending'), 0o700)
  await expectWorks(FITS)
}, 60_000)

test('a document that was removed or cut short by hand is 410, never a part of it', async () => {
  const [gone, cut] = [await client.request(paced(FITS, 0)), await client.request(paced(FITS, 0))]
  const links = []
  for (const id of [gone, cut]) {
    const { document } = await client.reached(id, 'SUCCEEDED')
    links.push(document!.downloadUrl)
  }
  await rm(join(documents, 'default', rowId(gone), '1'))
  await truncate(join(documents, 'default', rowId(cut), '1'), 9_000)
  for (const link of links) {
    const response = await fetch(link)
    expect(response.status).toBe(410)
    expect(await response.text()).not.toContain('xxx')
    expect((await fetch(link, { headers: { range: 'bytes=0-99' } })).status).toBe(410)
  }
  await expectWorks(FITS)
}, 60_000)

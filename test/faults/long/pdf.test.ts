import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPdfScene, type PdfScene } from '../../support/pdf-scene.ts'
import { drawPdf, drawStatement, PIXEL } from '../../support/pdfs.ts'
import { childrenOf } from '../../support/service.ts'

/** MiB that a child may have had in memory at most, and seconds for a thousand pages on two shared cores. */
const MEMORY = 500
const SECONDS = 300

let scene: PdfScene
beforeAll(async () => {
  scene = await openPdfScene({ WORKER_CONCURRENCY: '1' })
})
afterAll(() => scene?.close())

/** The most that any child has had so far. */
async function peak(): Promise<number> {
  const peaks = (await childrenOf(scene.worker.pid)).map(async (pid) => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '') // it has ended
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
  })
  return Math.max(0, ...(await Promise.all(peaks)))
}

test('a statement of 1,000 pages is read whole, within bounds of time and memory', { timeout: 900_000 }, async () => {
  let pages = 0
  const rows = 27_200
  const bytes = await drawPdf((page) => void (pages = drawStatement(page, rows)))
  expect(pages).toBeGreaterThanOrEqual(1_000)
  const file = await scene.upload(bytes)
  const began = performance.now()
  const id = await scene.table(file)
  let most = 0
  const looking = setInterval(() => void peak().then((now) => (most = Math.max(most, now))), 200)
  const { document } = await scene.client
    .reached(id, 'SUCCEEDED', SECONDS * 1_000)
    .finally(() => clearInterval(looking))
  const seconds = (performance.now() - began) / 1_000
  console.log(`${pages} pages, ${(bytes.length / 1e6).toFixed(1)} MB: ${seconds.toFixed(1)} s, ${most.toFixed(0)} MiB`)
  expect(document).toMatchObject({ rowCount: rows, summary: { pages } })
  expect(most).toBeLessThan(MEMORY)
})

test('1,000 pages of pictures end as a failure, within bounds of time', { timeout: 300_000 }, async () => {
  const bytes = await drawPdf((page) => {
    for (let number = 0; number < 1_000; number++)
      (number > 0 ? page.addPage() : page).image(PIXEL, 0, 0, { width: 500 })
  })
  const id = await scene.table(await scene.upload(bytes))
  await scene.client.reached(id, 'FAILED', 60_000)
  const { report } = await scene.ask(`query ($id: ID!) { report(id: $id) { failure { code message } } }`, { id })
  expect(report.failure).toEqual({ code: 'INVALID_PARAMETERS', message: expect.stringContaining('no text') })
})

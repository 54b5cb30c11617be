import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { quantile } from '../../bench/measure.ts'
import { moveReports } from '../../bench/moving-reports.ts'
import { launchChromium, scriptBytes, watchPage } from '../../bench/page-probe.ts'
import { reportsIn } from '../../bench/stage.ts'
import { hasChromium, IN_CHROMIUM } from '../support/browser.ts'
import { openPageScene, type PageScene } from '../support/page-scene.ts'

/** The figures are measured by `npm run bench -- page`, with the machine for itself; here what is far from them is caught. */
describe.skipIf(!hasChromium)(`speed ${IN_CHROMIUM}`, { timeout: 90_000 }, () => {
  let scene: PageScene
  beforeAll(async () => {
    scene = await openPageScene()
  }, 120_000)
  afterAll(() => scene?.close())

  test('all JavaScript together is at most 200 kB of gzip', async () => {
    expect(await scriptBytes()).toBeLessThanOrEqual(200_000)
  })

  test('500 reports that move, 1,000 events a second: the page is there at once, and stays smooth', async () => {
    const ids = await reportsIn(scene.databaseUrl).runningReports(500)
    const browser = await launchChromium()
    try {
      const watched = await watchPage(browser, scene.api.url, scene.api.adminToken)
      const { firstRow } = await watched.notes()
      expect(firstRow).toBeLessThan(5_000)

      const moving = moveReports({ redisUrl: scene.redisUrl, tenantId: 'default', ids, perSecond: 1_000 })
      let came = 0
      await expect.poll(() => (came += watched.events()), { timeout: 60_000 }).toBeGreaterThan(4_000)
      await moving.close()
      const { frames, long } = await watched.notes()
      expect(quantile(frames, 0.95)).toBeLessThan(150)
      expect(Math.max(0, ...long)).toBeLessThan(1_000)
      await watched.page
        .getByText(/of 100k rows/i)
        .first()
        .waitFor()
    } finally {
      await browser.close()
    }
  })
})

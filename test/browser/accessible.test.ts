import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, IN_CHROMIUM, seriousFaults, sideways } from '../support/browser.ts'
import { openPageScene, type PageScene } from '../support/page-scene.ts'
import { until } from '../support/until.ts'

describe.skipIf(!hasChromium)(`for everybody ${IN_CHROMIUM}`, { timeout: 90_000 }, () => {
  let scene: PageScene
  /** Every view, with something in it. */
  let views: Record<string, { hash: string; shows: RegExp }>

  beforeAll(async () => {
    scene = await openPageScene()
    const [small, failing, slow] = [
      await scene.ask('small', {}, { title: 'Three rows', tags: ['demo'] }),
      await scene.ask('failing'),
      await scene.ask('paced', { most: 5_000, nap: 0.05 }, { title: 'Slow lines' }),
    ]
    await until(async () => (await scene.report(small)).status === 'SUCCEEDED', { timeout: 20_000 })
    await until(async () => (await scene.report(failing)).status === 'FAILED', { timeout: 20_000 })
    const { body } = await scene.clients.post(
      `mutation { createSchedule(input: { title: "Every morning", timeZone: "Europe/Vilnius", cadence: { cron: "0 9 * * MON" },
        report: { byName: { type: "small", parameters: {} } } }) { schedule { id } userErrors { message } } }`,
      { token: scene.api.adminToken },
    )
    const schedule: string = body.data.createSchedule.schedule.id
    views = {
      reports: { hash: '#/reports', shows: /Three rows/ },
      'a finished report': { hash: `#/reports/${small}`, shows: /sha-?256/i },
      'a failed report': { hash: `#/reports/${failing}`, shows: /division by zero/ },
      'a running report': { hash: `#/reports/${slow}`, shows: /Slow lines/ },
      'report types': { hash: '#/ask', shows: /Paced lines/ },
      'a form': { hash: '#/ask/paced', shows: /Seconds for each line/ },
      schedules: { hash: '#/schedules', shows: /Every morning/ },
      'a schedule': { hash: `#/schedules/${schedule}`, shows: /Every morning/ },
      'a new schedule': { hash: '#/schedules/new', shows: /title/i },
      operations: { hash: '#/operations', shows: /stuck/ },
    }
  }, 120_000)
  afterAll(() => scene?.close())

  test.each(['light', 'dark'] as const)('axe finds nothing serious in any view, %s', async (colours) => {
    for (const [name, { hash, shows }] of Object.entries(views)) {
      const { page, foreign, complaints, close } = await scene.open({ hash, colours })
      await page.getByText(shows).filter({ visible: true }).first().waitFor()
      await page.getByText('live', { exact: true }).waitFor()
      expect(await seriousFaults(page), name).toEqual([])
      expect([...foreign, ...complaints], name).toEqual([])
      await close()
    }
  })

  test('nor on the page that asks for a token', async () => {
    for (const colours of ['light', 'dark'] as const) {
      const { page, close } = await scene.open({ token: 'wrong', colours })
      await page.getByRole('alert').waitFor()
      expect(await seriousFaults(page)).toEqual([])
      await close()
    }
  })

  test('on a phone no view scrolls sideways, and axe finds nothing serious', async () => {
    for (const [name, { hash, shows }] of Object.entries(views)) {
      const { page, close } = await scene.open({ hash, phone: true })
      await page.getByText(shows).filter({ visible: true }).first().waitFor()
      expect(await sideways(page), name).toBeLessThanOrEqual(0)
      expect(await seriousFaults(page), name).toEqual([])
      await close()
    }
  })

  test('whoever wants less motion gets none', async () => {
    const { page, close } = await scene.open({ hash: views['a running report']!.hash })
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await page.getByRole('progressbar').first().waitFor()
    const moving = `document.getAnimations().filter((one) => one.playState === 'running').length`
    expect(await page.evaluate(moving)).toBe(0)
    await close()
  })
})

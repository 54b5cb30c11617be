import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, IN_CHROMIUM } from '../support/browser.ts'
import { openPageScene, type PageScene } from '../support/page-scene.ts'

describe.skipIf(!hasChromium)(`schedules ${IN_CHROMIUM}`, { timeout: 60_000 }, () => {
  let scene: PageScene
  beforeAll(async () => {
    scene = await openPageScene()
  }, 120_000)
  afterAll(() => scene?.close())

  test('a schedule is made, run now and paused; another window sees it', async () => {
    const [mine, others] = [await scene.open({ hash: '#/schedules' }), await scene.open({ hash: '#/schedules' })]
    const { page } = mine
    await page
      .getByRole('link', { name: /new schedule/i })
      .first()
      .click()
    await page
      .getByLabel(/report type|what/i)
      .first()
      .selectOption({ label: 'Small list' })
    await page.getByLabel(/^title/i).fill('Every Monday')
    await page.getByRole('radio', { name: /^weekly/i }).check()
    await page.getByRole('button', { name: /make|create|save/i }).click()

    const entry = (of: typeof page) => of.locator('main').getByText('Every Monday').first()
    await page.goto(`${scene.api.url}/#/schedules`)
    await entry(page).waitFor()
    await entry(others.page).waitFor()
    await page
      .getByText(/monday/i)
      .first()
      .waitFor()

    await page.getByRole('button', { name: /run now/i }).click()
    await page
      .getByRole('article')
      .getByRole('heading', { name: /Every Monday/ })
      .waitFor()
    await page.getByRole('article').getByText('Succeeded').first().waitFor()

    await page.goto(`${scene.api.url}/#/schedules`)
    await page.getByRole('button', { name: /pause/i }).first().click()
    await page
      .getByRole('button', { name: /resume/i })
      .first()
      .waitFor()
    await others.page
      .getByRole('button', { name: /resume/i })
      .first()
      .waitFor()
    const { body } = await scene.clients.post(`{ schedules { nodes { title status } } }`, {
      token: scene.api.adminToken,
    })
    expect(body.data.schedules.nodes).toEqual([{ title: 'Every Monday', status: 'PAUSED' }])

    for (const { foreign, complaints, close } of [mine, others]) {
      expect([...foreign, ...complaints]).toEqual([])
      await close()
    }
  })
})

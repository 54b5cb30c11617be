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
    await page.getByRole('link', { name: 'New schedule' }).click()
    await page.getByLabel('Report type').selectOption({ label: 'Small list' })
    await page.getByLabel(/^title/i).fill('Every Monday')
    await page.getByRole('radio', { name: 'Weekly' }).check()
    await expect.poll(() => page.locator('.upcoming li').count()).toBe(5)
    await page.getByRole('button', { name: 'Make schedule' }).click()
    await page.getByRole('heading', { level: 1, name: 'Every Monday' }).waitFor()

    const entry = (of: typeof page) => of.getByRole('listitem').filter({ hasText: 'Every Monday' })
    await page.goto(`${scene.api.url}/#/schedules`)
    for (const each of [page, others.page])
      await entry(each)
        .getByText(/^Mondays at 00:00/)
        .waitFor()

    await entry(page).getByRole('button', { name: 'Run now' }).click()
    await page
      .getByRole('article')
      .getByRole('heading', { name: /^Every Monday/ })
      .waitFor()
    await page.getByRole('article').getByText('Succeeded').first().waitFor()

    await page.goto(`${scene.api.url}/#/schedules`)
    await entry(page).getByRole('button', { name: 'Pause' }).click()
    for (const each of [page, others.page]) await entry(each).getByRole('button', { name: 'Resume' }).waitFor()
    const { body } = await scene.clients.post(`{ schedules { nodes { title paused } } }`, {
      token: scene.api.adminToken,
    })
    expect(body.data.schedules.nodes).toEqual([{ title: 'Every Monday', paused: true }])

    for (const { foreign, complaints, close } of [mine, others]) {
      expect([...foreign, ...complaints]).toEqual([])
      await close()
    }
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, IN_CHROMIUM } from '../support/browser.ts'
import { openPageScene, type PageScene } from '../support/page-scene.ts'
import { until } from '../support/until.ts'

describe.skipIf(!hasChromium)(`operations ${IN_CHROMIUM}`, { timeout: 150_000 }, () => {
  let scene: PageScene
  beforeAll(async () => {
    scene = await openPageScene()
  }, 120_000)
  afterAll(() => scene?.close())

  test('workers, what they do, the queue and the last hour move by themselves; a killed worker is marked', async () => {
    const first = await scene.ask('small')
    const { page, complaints, foreign, close } = await scene.open({ hash: '#/operations' })
    const main = page.getByRole('main')
    await main.getByRole('heading', { name: 'Operations' }).waitFor()
    await main.getByText(/^0 stuck/).waitFor()
    await main.getByRole('heading', { name: 'Workers' }).waitFor()
    expect(await main.locator('.worker').count()).toBe(1)
    await main.getByText('Live', { exact: true }).waitFor()
    await until(async () => (await scene.report(first)).status === 'SUCCEEDED')

    const id = await scene.ask('paced', { most: 400, nap: 0.05 }, { title: 'Keeps one busy' })
    const held = main.getByRole('listitem').filter({ hasText: 'Keeps one busy' })
    await held.getByRole('progressbar', { name: 'Keeps one busy' }).last().waitFor()
    const link = held.getByRole('link', { name: 'Keeps one busy' }).last()
    expect(await link.getAttribute('href')).toBe(`#/reports/${id}`)
    for (let n = 0; n < 4; n++) await scene.ask('paced', { most: 200, nap: 0.05 }, { priority: 'LOW' })
    const low = main.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'Low', exact: true }) })
    // Two places, one of them taken before.
    await low.getByRole('cell', { name: '3', exact: true }).first().waitFor()

    await main
      .getByText(/^1 report in the last hour/)
      .first()
      .waitFor()
    const canvases = main.locator('.chart canvas')
    expect(await canvases.count()).toBe(3)
    await main.getByText('The same as a table').click()
    await main.getByRole('region', { name: 'The last hour, minute by minute' }).waitFor()
    expect(await main.locator('.minutes-rows tbody tr').count()).toBe(60)

    const drawn = () =>
      canvases.first().evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL())
    const light = await drawn()
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(drawn, { timeout: 5_000 }).not.toBe(light)
    const wide = await canvases.first().evaluate((canvas) => canvas.clientWidth)
    await page.setViewportSize({ width: 700, height: 800 })
    await expect
      .poll(() => canvases.first().evaluate((canvas) => canvas.clientWidth), { timeout: 5_000 })
      .not.toBe(wide)

    scene.worker.kill('SIGKILL')
    await scene.worker.stopped
    await main.getByText('Lost', { exact: true }).waitFor({ timeout: 30_000 })
    await main
      .getByRole('alert')
      .getByText(/no worker is there/i)
      .waitFor()
    await scene.sql(
      `update broadsheet.report set lease_expires_at = now() - interval '1 minute' where status = 'RUNNING'`,
    )
    await main.getByText(/^2 stuck/).waitFor({ timeout: 10_000 })
    await main.getByText(/start one where none is live/).waitFor()

    const worker = await scene.startWorker()
    await main.getByText(/^0 stuck/).waitFor({ timeout: 30_000 })
    await main.getByText('Live', { exact: true }).waitFor()
    expect([...foreign, ...complaints]).toEqual([])
    await close()
    worker.kill('SIGTERM')
    await worker.stopped
  })

  test('who is no ADMIN is told so', async () => {
    const member = await scene.tokenOf('MEMBER', 'No Admin')
    const { page, close } = await scene.open({ token: member, hash: '#/operations' })
    await page.getByText(/only an ADMIN/i).waitFor()
    expect(await page.getByRole('link', { name: 'Operations' }).count()).toBe(0)
    await close()
  })
})

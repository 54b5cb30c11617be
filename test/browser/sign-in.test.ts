import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, IN_CHROMIUM, openBrowser, type TestBrowser } from '../support/browser.ts'
import { openScene, type Scene } from '../support/scene.ts'
import { startProcess, type RunningProcess } from '../support/service.ts'
import { until } from '../support/until.ts'

describe.skipIf(!hasChromium)(`signing in ${IN_CHROMIUM}`, { timeout: 60_000 }, () => {
  let scene: Scene
  let browser: TestBrowser
  let service: RunningProcess
  let link: string

  beforeAll(async () => {
    scene = await openScene({ reports: {} })
    browser = await openBrowser()
    // As `npm start`, on servers that are there.
    service = startProcess('src/embedded/main.ts', {
      databaseUrl: scene.databaseUrl,
      redisUrl: scene.redisUrl,
      dataDirectory: scene.directory,
      reportsDirectory: `${scene.directory}/reports`,
      env: { PORT: '0', BROADSHEET_SOURCES: '{}' },
    })
    ;[link] = await until(async () => /http:\/\/\S+\/#code=\S+/.exec(await service.log()), {
      timeout: 40_000,
      what: 'the start-up line has a link',
    })
  }, 120_000)
  afterAll(async () => {
    service?.kill('SIGTERM')
    await service?.stopped
    await browser?.close()
    await scene?.close()
  })

  test('the link of the start-up line signs in, once, and leaves no code behind', async () => {
    const { origin, hash } = new URL(link)
    const first = await browser.open(origin, { hash })
    await first.page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Operations' }).waitFor()
    expect(first.page.url()).not.toContain('code')
    await first.page.reload()
    await first.page.getByText('live', { exact: true }).waitFor()
    await first.page.goBack().catch(() => null) // there may be nowhere to go back to
    expect(first.page.url()).not.toContain('code')

    const second = await browser.open(origin, { hash })
    await second.page
      .getByRole('alert')
      .getByText(/used before|ten minutes/)
      .waitFor()
    await second.page.getByLabel('Token').waitFor()
    for (const one of [first, second]) {
      expect([...one.foreign, ...one.complaints]).toEqual([])
      await one.close()
    }
  })

  test('a token that is none is refused in words, and a good one signs in; leaving forgets it', async () => {
    const { origin } = new URL(link)
    const { page, close } = await browser.open(origin)
    await page.getByLabel('Token').fill('not-a-token')
    await page.keyboard.press('Enter')
    await page
      .getByRole('alert')
      .getByText(/not valid/)
      .waitFor()

    const token = /Admin token: (\S+)/.exec(await service.log())![1]!
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('live', { exact: true }).waitFor()
    await page.locator('.who summary').click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Token').waitFor()
    expect(await page.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }])')).not.toContain(token)
    await close()
  })

  test('a token that is kept in memory alone is asked for again after a reload', async () => {
    const { origin } = new URL(link)
    const { page, close } = await browser.open(origin)
    await page.getByLabel('Token').fill(/Admin token: (\S+)/.exec(await service.log())![1]!)
    await page.getByRole('checkbox', { name: /keep it/i }).uncheck()
    await page.keyboard.press('Enter')
    await page.getByText('live', { exact: true }).waitFor()
    expect(await page.evaluate('sessionStorage.length')).toBe(0)
    await page.reload()
    await page.getByLabel('Token').waitFor()
    await close()
  })
})

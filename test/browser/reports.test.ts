import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, IN_CHROMIUM, type OpenPage, type PageOptions } from '../support/browser.ts'
import { uuidOf } from '../support/api.ts'
import { openPageScene, type PageScene } from '../support/page-scene.ts'
import { until } from '../support/until.ts'

/** Where nobody listens. */
const NOBODY = 'http://127.0.0.1:9/none'

describe.skipIf(!hasChromium)(`reports ${IN_CHROMIUM}`, { timeout: 60_000 }, () => {
  let scene: PageScene
  const windows: OpenPage[] = []

  beforeAll(async () => {
    scene = await openPageScene({ WEBHOOK_ALLOW: new URL(NOBODY).host })
  }, 120_000)
  afterAll(() => scene?.close())
  /** Whatever a journey was about: nothing came from elsewhere, and the policy stopped nothing. */
  afterEach(async () => {
    const those = windows.splice(0)
    for (const { close } of those) await close()
    expect(those.flatMap(({ foreign }) => foreign)).toEqual([])
    expect(those.flatMap(({ complaints }) => complaints)).toEqual([])
  })

  async function open(options: PageOptions = {}): Promise<Page> {
    const opened = await scene.open(options)
    windows.push(opened)
    return opened.page
  }
  const row = (page: Page, title: string) => page.getByRole('grid').getByRole('row').filter({ hasText: title })
  const badge = (page: Page, word: string) => page.locator('.masthead').getByText(word, { exact: true }).waitFor()

  test('ask, watch, download: the bytes are those of the API', async () => {
    const page = await open({ hash: '#/ask/paced' })
    await page.getByLabel(/^most/i).fill('60')
    await page.getByLabel(/^nap/i).fill('0.05')
    await page.getByLabel(/^title/i).fill('Sixty slow lines')
    await page.getByRole('button', { name: /^ask/i }).click()

    const one = page.getByRole('article')
    await one.getByRole('heading', { name: 'Sixty slow lines' }).waitFor()
    await one.getByRole('progressbar').first().waitFor()
    await one
      .getByText(/^Running$/)
      .first()
      .waitFor()
    await row(page, 'Sixty slow lines').waitFor()
    await one
      .getByText(/^Succeeded$/)
      .first()
      .waitFor()
    await row(page, 'Sixty slow lines').getByText('Succeeded').waitFor()

    const downloading = page.waitForEvent('download')
    await one.getByRole('button', { name: /^download/i }).click()
    const bytes = await readFile(await (await downloading).path())
    const id = decodeURIComponent(/#\/reports\/([^?]+)/.exec(page.url())![1]!)
    const { document } = await scene.report(id)
    const told = Buffer.from(await (await fetch(document!.downloadUrl)).arrayBuffer())
    expect(bytes.equals(told)).toBe(true)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(document!.sha256)
    expect(bytes.toString().split('\n').filter(Boolean)).toHaveLength(61)
  })

  test('a relative date is told as one types, and what is wrong stands at its field', async () => {
    const page = await open({ hash: '#/ask/paced' })
    const day = page.getByRole('combobox', { name: 'Day' })
    const field = page.locator('.field').filter({ has: day })
    await day.fill('2026-03-01-P1D')
    await field.getByText(/2026|Feb/).waitFor()
    await day.fill('the day before')
    await field.locator('.wrong').waitFor()
    await day.fill('yesterday')
    await field.locator('.wrong').waitFor({ state: 'detached' })

    // As people write a list: with a blank behind each comma.
    await page.getByLabel(/^tags/i).pressSequentially('north, south,, east ')
    await page.getByLabel(/^title/i).focus()
    const tokens = page.locator('.field').filter({ has: page.getByLabel(/^tags/i) }).locator('.token') // prettier-ignore
    expect(await tokens.allTextContents()).toEqual(['north×', 'south×', 'east×'])

    await page.getByRole('button', { name: /^ask/i }).click()
    const most = page.getByLabel(/^most/i)
    await until(() =>
      most.evaluate((one) => one === one.ownerDocument.activeElement && one.getAttribute('aria-invalid') === 'true'),
    )
    expect(page.url()).toContain('#/ask/paced')
  })

  test('two windows see each other’s reports move, and a third of somebody else does not', async () => {
    const member = await scene.tokenOf('MEMBER', 'Other Member')
    const [one, two, other] = [await open({ hash: '#/ask/small' }), await open(), await open({ token: member })]
    await badge(two, 'live')
    await one.getByLabel(/^title/i).fill('Seen from both')
    await one.getByRole('button', { name: /^ask/i }).click()
    for (const page of [one, two]) await row(page, 'Seen from both').getByText('Succeeded').waitFor()
    await badge(other, 'live')
    expect(await row(other, 'Seen from both').count()).toBe(0)
  })

  test('the API is killed in mid-report and comes back: the page says so, and has lost nothing', async () => {
    const second = await scene.startApi()
    const first = await scene.startApi()
    const { port } = new URL(first.url)
    const opened = await scene.open({ token: first.adminToken })
    windows.push(opened)
    const { page } = opened
    await page.goto(`${first.url}/#/reports`)
    opened.foreign.splice(0) // of the first address
    await badge(page, 'live')
    const id = await scene.ask('paced', { most: 80, nap: 0.05 }, { title: 'Outlives its API' })
    await row(page, 'Outlives its API').getByRole('progressbar').waitFor()

    first.kill('SIGKILL')
    await first.stopped
    await badge(page, 'reconnecting')
    await scene.ask('small', {}, { title: 'Asked meanwhile' })
    await until(async () => (await scene.report(id)).status === 'SUCCEEDED', { timeout: 20_000 })
    await row(page, 'Outlives its API').getByText('Running').waitFor()

    await scene.startApi({ PORT: port })
    await badge(page, 'live')
    await row(page, 'Outlives its API').getByText('Succeeded').waitFor()
    await row(page, 'Asked meanwhile').getByText('Succeeded').waitFor()
    opened.foreign.splice(0)
    await second.stop()
  })

  test('where there is no room for another socket the page waits, and goes on when there is', async () => {
    const narrow = await scene.startApi({ USER_SOCKETS: '1' })
    const [one, two] = [await open(), await open()]
    await one.goto(`${narrow.url}/#/reports`)
    await badge(one, 'live')
    // Where nothing is followed that would ask for the socket by itself.
    await two.goto(`${narrow.url}/#/ask`)
    await badge(two, 'reconnecting')
    await scene.ask('small', {}, { title: 'Seen when there is room' })
    await one.goto(`${scene.api.url}/#/reports`)
    await badge(two, 'live')
    await two.getByRole('navigation').getByRole('link', { name: 'Reports' }).click()
    await row(two, 'Seen when there is room').getByText('Succeeded').waitFor()
    for (const { foreign } of windows) foreign.splice(0) // of the first address
    await narrow.stop()
  })

  test('with a filter that leaves it out, an open report still hears of its delivery, its expiry and its deletion', async () => {
    const id = await scene.ask('small', {}, { title: 'Open beside others' })
    await until(async () => (await scene.report(id)).status === 'SUCCEEDED')
    const gone = await scene.ask('small', {}, { title: 'Deleted elsewhere' })
    await until(async () => (await scene.report(gone)).status === 'SUCCEEDED')
    const page = await open({ hash: `#/reports/${id}?status=RUNNING` })
    const one = page.getByRole('article')
    await one.getByText(/^Succeeded$/).first().waitFor() // prettier-ignore
    await badge(page, 'live')
    const { body } = await scene.clients.post(
      `mutation ($id: ID!, $url: URL!) {
        deliverReport(id: $id, deliveries: [{ webhook: { url: $url, secret: "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0IGFsb25l" } }]) { userErrors { field message } }
      }`,
      { token: scene.api.adminToken, variables: { id, url: NOBODY } },
    )
    expect(body.data?.deliverReport?.userErrors).toEqual([])
    await one.getByText('127.0.0.1:9').first().waitFor()
    await scene.sql('update broadsheet.report set expires_at = now() where id = $1', [uuidOf(id)])
    await one.getByText(/^Expired$/).first().waitFor() // prettier-ignore
    expect(await one.getByRole('button', { name: /download/i }).count()).toBe(0)

    await page.goto(`${scene.api.url}/#/reports/${gone}?status=RUNNING`)
    await one.getByRole('heading', { name: 'Deleted elsewhere' }).waitFor()
    await scene.clients.post(`mutation ($id: ID!) { deleteReport(id: $id) { deletedId } }`, {
      token: scene.api.adminToken,
      variables: { id: gone },
    })
    await one.getByRole('heading', { name: 'Deleted elsewhere' }).waitFor({ state: 'detached' })
  })

  test('a report that fails says why in plain words, in the list and opened', async () => {
    const id = await scene.ask('failing', {}, { title: 'Never comes' })
    const page = await open({ hash: `#/reports/${id}` })
    await row(page, 'Never comes').getByText('Failed', { exact: true }).waitFor()
    await row(page, 'Never comes')
      .getByText(/division by zero/)
      .waitFor()
    const one = page.getByRole('article')
    await one
      .getByText(/division by zero/)
      .first()
      .waitFor()
    await one.getByRole('button', { name: /retry|try again/i }).waitFor()
    expect(await one.getByRole('button', { name: /download/i }).count()).toBe(0)
  })

  test('a report is called off from the page', async () => {
    const id = await scene.ask('paced', { most: 2_000, nap: 0.05 }, { title: 'Called off' })
    const page = await open({ hash: `#/reports/${id}` })
    await row(page, 'Called off').getByText('Running').waitFor()
    await page
      .getByRole('article')
      .getByRole('button', { name: /^cancel/i })
      .click()
    await row(page, 'Called off').getByText('Canceled').waitFor()
    expect((await scene.report(id)).status).toBe('CANCELED')
  })

  test('a VIEWER sees what all may see, and no button that would be refused', async () => {
    const viewer = await scene.tokenOf('VIEWER', 'Only Looks')
    const id = await scene.ask('small', {}, { title: 'For all to see', visibility: 'TENANT' })
    const page = await open({ token: viewer, hash: `#/reports/${id}` })
    await row(page, 'For all to see').getByText('Succeeded').waitFor()
    await page.getByRole('article').getByRole('heading', { name: 'For all to see' }).waitFor()
    const links = await page.getByRole('navigation').getByRole('link').allTextContents()
    expect(links).toEqual(['Reports'])
    const refused = /^(Ask|Ask for one|Cancel|Retry|Regenerate|Delete|New schedule|Make a schedule.*)$/
    for (const role of ['button', 'link'] as const)
      expect(await page.getByRole(role, { name: refused }).count()).toBe(0)
    await page
      .getByRole('article')
      .getByRole('button', { name: /^download/i })
      .waitFor()
  })

  test('by keyboard alone: filter, open, ask', async () => {
    await scene.ask('small', {}, { title: 'Needle in the list' })
    await scene.ask('small', {}, { title: 'Hay' })
    const page = await open()
    const { keyboard } = page
    await row(page, 'Hay').getByText('Succeeded').waitFor()

    await keyboard.press('/')
    await keyboard.type('needle')
    await row(page, 'Hay').waitFor({ state: 'detached' })
    await until(() => page.url().includes('text=needle'))
    await tabTo(page, 'grid')
    await keyboard.press('ArrowDown')
    await keyboard.press('Home')
    await keyboard.press('Enter')
    await page.getByRole('article').getByRole('heading', { name: 'Needle in the list' }).waitFor()
    await keyboard.press('Escape')
    await page.getByRole('article').waitFor({ state: 'detached' })

    await page.goto(`${scene.api.url}/#/ask`)
    await tabTo(page, 'link', /Small list/)
    await keyboard.press('Enter')
    const title = page.getByLabel(/^title/i)
    await title.waitFor()
    await tabTo(page, 'textbox', undefined, () => title.evaluate((one) => one === one.ownerDocument.activeElement))
    await keyboard.type('Asked by keys')
    await keyboard.press('Enter')
    await page.getByRole('article').getByRole('heading', { name: 'Asked by keys' }).waitFor()
  })

  /** Presses Tab until the focus is on such an element; whoever has only keys needs no more than a hundred. */
  async function tabTo(page: Page, role: string, name?: RegExp, there?: () => Promise<boolean>): Promise<void> {
    const reached =
      there ??
      (async () => {
        const [found, words] = await page.evaluate<[string, string]>(`(() => {
          const one = document.activeElement
          return [one?.getAttribute('role') ?? { A: 'link', BUTTON: 'button' }[one?.tagName] ?? '', one?.textContent ?? '']
        })()`)
        return found === role && (name?.test(words) ?? true)
      })
    for (let pressed = 0; pressed < 100; pressed++) {
      if (await reached()) return
      await page.keyboard.press('Tab')
    }
    throw new Error(`no ${role} ${String(name ?? '')} is reached by Tab`)
  }
})

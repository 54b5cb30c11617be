import { access } from 'node:fs/promises'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGround, startApi, type Ground, type Person, type TestApi } from '../support/api.ts'
import { until } from '../support/until.ts'

const CHROMIUM = '/usr/bin/chromium'
const there = await access(CHROMIUM).then(
  () => true,
  () => false,
)

let ground: Ground
let api: TestApi
let member: Person

beforeAll(async () => {
  ground = await createGround()
  api = await startApi(ground, { NODE_ENV: 'production' })
  member = await ground.person('MEMBER')
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

describe.skipIf(!there)(`in Chromium (skipped where there is no ${CHROMIUM}: scripts/outside.sh installs it)`, () => {
  let browser: Browser
  let page: Page
  const said: string[] = []
  const foreign: string[] = []

  beforeAll(async () => {
    const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] // prettier-ignore
    browser = await chromium.launch({ executablePath: CHROMIUM, args: flags })
    page = await browser.newPage()
    page.on('console', (message) => message.type() === 'error' && said.push(message.text()))
    page.on('pageerror', (error) => said.push(error.message))
    page.on('request', (request) => request.url().startsWith(api.publicUrl) || foreign.push(request.url()))
  })
  afterAll(() => browser?.close())

  test('a report is asked for and found, with nothing from elsewhere and nothing that the policy stops', async () => {
    await page.goto(`${api.publicUrl}/api/v1/`)
    await page.locator('#requestReport summary').click()
    await page.getByLabel('Token').fill(member.token)
    await page.locator('#requestReport').getByRole('button', { name: 'Send' }).click()
    const answer = page.locator('#requestReport pre')
    await until(async () => (await answer.textContent())?.startsWith('201'), { what: 'the report is accepted' })
    const text = (await answer.textContent()) as string
    const report = JSON.parse(text.slice(text.indexOf('{')))
    expect(report).toMatchObject({
      report_type: 'sales',
      status: 'QUEUED',
      parameters: { start_date: 'last_month_start' },
    })
    expect(text).toContain(`Location: ${report.url}`)

    await page.locator('#getReport summary').click()
    await page.locator('#getReport input[name=id]').fill(report.id)
    await page.locator('#getReport button').click()
    await until(async () => (await page.locator('#getReport pre').textContent())?.includes(report.id))
    expect(await page.locator('details').count()).toBeGreaterThan(15)
    expect(foreign).toEqual([])
    expect(said).toEqual([])
  })
})

import { access } from 'node:fs/promises'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGround, startApi, uuidOf, type Ground, type Person, type TestApi } from '../support/api.ts'
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
  api = await startApi(ground)
  member = await ground.person('MEMBER')
})
afterAll(async () => {
  await api?.close()
  await ground?.drop()
})

test('a browser gets the page whole, from here alone; a program does not', async () => {
  const response = await fetch(`${api.publicUrl}/graphql`, { headers: { accept: 'text/html' } })
  const page = await response.text()
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html'])
  expect(page).toContain('WhatCanBeAskedFor')
  expect(page, 'a subscription gets the token of the Headers pane').toMatch(
    /extensions:\{headers:(\w+)\?\.headers,connectionParams:\1\?\.headers\}/,
  )
  expect(page).not.toMatch(/<(script|link|img)[^>]+(src|href)="(https?:)?\/\//)
  const program = await fetch(`${api.publicUrl}/graphql`, { headers: { accept: 'application/json' } })
  expect(((await program.json()) as any).errors[0].extensions.code).toBe('BAD_USER_INPUT')
})

test('where GRAPHIQL is off there is none', async () => {
  const closed = await startApi(ground, { GRAPHIQL: 'false', INTROSPECTION: 'false' })
  try {
    expect((await fetch(`${closed.publicUrl}/graphql`, { headers: { accept: 'text/html' } })).status).not.toBe(200)
    const { body } = await closed.post('{ __schema { queryType { name } } }', { token: member.token })
    expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT')
    expect((await closed.once('WS', '{ __schema { queryType { name } } }', { token: member.token })).codes).toContain(
      'BAD_USER_INPUT',
    )
  } finally {
    await closed.close()
  }
})

describe.skipIf(!there)(`in Chromium (skipped where there is no ${CHROMIUM}: scripts/outside.sh installs it)`, () => {
  let browser: Browser
  let page: Page
  const foreign: string[] = []
  const refused: string[] = []

  beforeAll(async () => {
    const flags = [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ]
    browser = await chromium.launch({ executablePath: CHROMIUM, args: flags })
    page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(api.publicUrl)) foreign.push(request.url())
    })
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) refused.push(message.text())
    })
  })
  afterAll(() => browser?.close())

  /** Opens GraphiQL with this operation and these headers, as its own links do. */
  async function open(query: string): Promise<void> {
    const headers = JSON.stringify({ Authorization: `Bearer ${member.token}` })
    await page.goto(`${api.publicUrl}/graphql?${new URLSearchParams({ query })}`)
    await page.getByRole('button', { name: 'Headers', exact: true }).click()
    const editor = page.locator('.graphiql-editor-tool .monaco-editor:visible').last()
    await editor.click()
    await page.keyboard.press('ControlOrMeta+A')
    await page.keyboard.insertText(headers)
    // The editor has closed the brackets once more.
    await page.keyboard.press('ControlOrMeta+Shift+End')
    await page.keyboard.press('Delete')
  }
  const shown = () =>
    page
      .locator('.result-window')
      .innerText()
      .then((text) => text.replaceAll('\u00a0', ' '))

  test('a query runs with the token of the Headers pane, and a subscription watches over WebSocket', async () => {
    await open('query { viewer { user { id } } }')
    await page.getByRole('button', { name: /execute query/i }).click()
    await until(async () => (await shown()).includes(member.gid))

    const id = await api.ask(member.token)
    await open(`subscription { reportProgress(id: "${id}") { status rowsWritten } }`)
    await page.getByRole('button', { name: /execute query/i }).click()
    await until(async () => (await shown()).includes('QUEUED'))
    expect(api.sockets.connections).toBe(1)
    await api.carrier.finish(uuidOf(id), { rows: 42 })
    await until(async () => (await shown()).includes('SUCCEEDED'))
    expect(await shown()).toContain('42')
    const screenshot = process.env['GRAPHIQL_SCREENSHOT']
    if (screenshot) await page.screenshot({ path: screenshot })
    expect(foreign, 'nothing is fetched from elsewhere').toEqual([])
    expect(refused, 'the page needs nothing that its policy does not grant').toEqual([])
  }, 60_000)
})

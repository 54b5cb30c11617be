import { access } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import axe from 'axe-core'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { buildWeb } from '../../src/embedded/web/build.ts'

const CHROMIUM = '/usr/bin/chromium'
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] // prettier-ignore

export const hasChromium = await access(CHROMIUM).then(
  () => true,
  () => false,
)
/** Behind the name of what is skipped without it. */
export const IN_CHROMIUM = `in Chromium (skipped where there is no ${CHROMIUM}: scripts/outside.sh installs it)`

export interface PageOptions {
  /** Signs in as the page itself does: the token is in the tab's session storage. */
  token?: string
  /** `#/reports`, the default, or another view. */
  hash?: string
  colours?: 'light' | 'dark'
  /** A phone of 390 x 844. */
  phone?: boolean
}

/** A window of its own: nothing is shared with another one. */
export interface OpenPage {
  readonly page: Page
  /** Requests that went to another host than the service's. */
  readonly foreign: string[]
  /** Errors of the page, and what its policy stopped. */
  readonly complaints: string[]
  close(): Promise<void>
}

/** Headless Chromium, and the page as it is shipped: built where its sources are new, once for all test files. */
export async function openBrowser() {
  const built = await buildWeb({ root: ROOT })
  if (built.as === 'not built') throw new Error(`The page was not built: ${built.why}\n${built.output}`)
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
  return {
    open: (url: string, options: PageOptions = {}) => openPage(browser, url, options),
    close: () => browser.close(),
  }
}
export type TestBrowser = Awaited<ReturnType<typeof openBrowser>>

async function openPage(browser: Browser, url: string, options: PageOptions): Promise<OpenPage> {
  const { token, hash = '#/reports', colours = 'light', phone = false } = options
  const looks: BrowserContextOptions = {
    colorScheme: colours,
    viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Europe/Vilnius',
  }
  const context = await browser.newContext(looks)
  // Once: a page that signs out and is loaded again stays signed out.
  if (token !== undefined)
    await context.addInitScript(`if (sessionStorage.getItem('test.signed') === null) {
      sessionStorage.setItem('test.signed', 'yes')
      sessionStorage.setItem('broadsheet.token', ${JSON.stringify(token)})
    }`)
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const foreign: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => {
    const asked = request.url()
    if (!/^(data|blob):/.test(asked) && new URL(asked).host !== new URL(url).host) foreign.push(asked)
  })
  page.on('websocket', (socket) => new URL(socket.url()).host !== new URL(url).host && foreign.push(socket.url()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => /Content Security Policy/.test(message.text()) && complaints.push(message.text()))
  await page.goto(`${url}/${hash}`)
  return { page, foreign, complaints, close: () => context.close() }
}

/** What axe calls serious or critical, each with the elements that it means. */
export async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(`${axe.source}; undefined`)
  const { violations } = await page.evaluate<axe.AxeResults>(`axe.run({ resultTypes: ['violations'] })`)
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
}

/** By how many pixels the page as a whole scrolls sideways. */
export const sideways = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')

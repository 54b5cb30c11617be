import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core'

const ASSETS = fileURLToPath(new URL('../web/dist/assets/', import.meta.url))
const CHROMIUM = '/usr/bin/chromium'
/** Without a graphics card: what is measured is software rendering. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] // prettier-ignore

/** So long is waited for a first row, in milliseconds. */
const ROWS_WITHIN = 20_000

/** What the page notes about itself, from its first moment. In its own words, as it runs there. */
const NOTES = `{
  const notes = (globalThis.notes = { firstRow: null, long: [], frames: [] })
  new PerformanceObserver((list) => { for (const each of list.getEntries()) notes.long.push(each.duration) })
    .observe({ type: 'longtask', buffered: true })
  let last
  const frame = (now) => {
    if (last !== undefined) notes.frames.push(now - last)
    last = now
    // In the frame after the one that has drawn it.
    if (notes.firstRow === null && document.querySelector('.table-body .row-drawn')) notes.firstRow = performance.now()
    document.querySelector('.table-body .row')?.classList.add('row-drawn')
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
}`

export interface Notes {
  /** Milliseconds from the navigation to the first row on the screen. */
  readonly firstRow: number | null
  /** Tasks of 50 ms and more, in milliseconds. */
  readonly long: readonly number[]
  /** Milliseconds between frames. */
  readonly frames: readonly number[]
}

/** A window that watches itself. */
export interface WatchedPage {
  readonly page: Page
  /** What was noted since the last call; firstRow stays. */
  notes(): Promise<Notes>
  /** Events of reportEvents that came since the last call. */
  events(): number
  /** JavaScript's heap after a collection, in bytes. */
  heap(): Promise<number>
  close(): Promise<void>
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
}

/** The list of reports in a window of its own, with nothing in its cache; resolves when a row is on the screen. */
export async function watchPage(browser: Browser, url: string, token: string): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  await context.addInitScript(`sessionStorage.setItem('broadsheet.token', ${JSON.stringify(token)}); ${NOTES}`)
  const page = await context.newPage()
  let events = 0
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      if (String(payload).includes('"reportEvents"')) events++
    }),
  )
  await page.goto(`${url}/#/reports`)
  for (const end = performance.now() + ROWS_WITHIN; !(await page.evaluate('notes.firstRow !== null')); await pause(20))
    if (performance.now() > end) throw new Error(`no row was on the screen within ${ROWS_WITHIN} ms`)
  const inspector: CDPSession = await context.newCDPSession(page)
  return {
    page,
    notes: () => page.evaluate<Notes>('({ ...notes, long: notes.long.splice(0), frames: notes.frames.splice(0) })'),
    events() {
      const came = events
      events = 0
      return came
    },
    async heap() {
      await inspector.send('HeapProfiler.collectGarbage')
      return (await inspector.send('Runtime.getHeapUsage')).usedSize
    },
    close: () => context.close(),
  }
}

/** All JavaScript of the built page together, as gzip, in bytes. */
export async function scriptBytes(): Promise<number> {
  const names = (await readdir(ASSETS)).filter((name) => name.endsWith('.js'))
  let bytes = 0
  for (const name of names) bytes += gzipSync(await readFile(ASSETS + name)).length
  return bytes
}

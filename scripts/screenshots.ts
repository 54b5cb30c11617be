import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'
import { askForLargeOnes, liveThroughMorning, planAhead } from './shop-day.ts'
import { smallPng } from './small-png.ts'
import { openOffice, waitFor, type Office } from './shop-office.ts'

/**
 * `npm run screenshots`: makes the pictures of the dashboard in docs/images anew, from a real service with the demo shop. Needs
 * Chromium (scripts/outside.sh installs it).
 */
const IMAGES = fileURLToPath(new URL('../docs/images/', import.meta.url))
const CHROMIUM = '/usr/bin/chromium'
const WINDOW = { width: 1440, height: 900 }
const PHONE = { width: 390, height: 844 }
/** Of one picture, in bytes: they are loaded with the README. */
const MOST_BYTES = 200_000

const say = (line: string) => process.stderr.write(`${line}\n`)
const office = await openOffice(say)
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
try {
  say('Living through a morning')
  const [newest = ''] = await liveThroughMorning(office)
  await planAhead(office)
  office.startWorker()
  await workersNamed(office)

  const large = await askForLargeOnes(office)
  const reports = await open('#/reports')
  const phone = await open('#/reports', { viewport: PHONE })
  const dark = await open(`#/reports/${large[0]}`, { colorScheme: 'dark' })
  const operations = await open('#/operations')
  await moving(reports)
  await Promise.all([
    take(reports, 'reports'),
    take(dark, 'dark'),
    take(phone, 'phone'),
    take(operations, 'operations'),
  ])

  const report = await open(`#/reports/${newest}`)
  await report
    .getByText(/sha-?256/i)
    .first()
    .waitFor()
  await take(report, 'report')
  const ask = await open('#/ask/sales')
  await ask.getByText('First day, inclusive').first().waitFor()
  await ask.getByRole('combobox', { name: 'Start date' }).fill('last_month_start')
  await ask.getByRole('combobox', { name: 'End date' }).fill('yesterday')
  await ask.getByText(/^= /).nth(1).waitFor()
  await take(ask, 'ask')
  const schedules = await open('#/schedules')
  await schedules.getByText('Lapsed customers').first().waitFor()
  await take(schedules, 'schedules')
} finally {
  await browser.close()
  await office.close()
}

async function open(hash: string, looks: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: WINDOW,
    locale: 'en-GB',
    timezoneId: 'Europe/Vilnius',
    reducedMotion: 'reduce',
    ...looks,
  })
  await context.addInitScript(`sessionStorage.setItem('broadsheet.token', ${JSON.stringify(office.adminToken)})`)
  const page = await context.newPage()
  await page.goto(`${office.url}/${hash}`)
  await page.getByText('live', { exact: true }).waitFor()
  return page
}

/** Until some of the bars are well under way. */
function moving(page: Page): Promise<boolean> {
  const far = `[...document.querySelectorAll('[role=progressbar]')].filter((bar) => Number(bar.getAttribute('aria-valuenow')) > 20).length >= 2`
  return waitFor(() => page.evaluate<boolean>(far), 'bars are under way')
}

async function take(page: Page, name: string): Promise<void> {
  const path = `${IMAGES}${name}.png`
  const png = smallPng(await page.screenshot())
  say(`docs/images/${name}.png: ${(png.length / 1_000).toFixed(0)} kB`)
  if (png.length > MOST_BYTES) throw new Error(`${name}.png has ${png.length} bytes, and may have ${MOST_BYTES}.`)
  await writeFile(path, png)
}

/** The pictures tell nothing of the machine that they were made on. */
async function workersNamed({ sql }: Office): Promise<void> {
  await waitFor(async () => {
    const [row] = await sql<{ count: number }>('select count(*)::int from broadsheet.worker')
    return row?.count === 2
  }, 'two workers are there')
  await sql(
    `update broadsheet.worker w set host = 'reports-' || n from (select id, row_number() over (order by started_at) as n from broadsheet.worker) named where w.id = named.id`,
  )
}

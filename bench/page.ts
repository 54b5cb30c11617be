import { setTimeout as pause } from 'node:timers/promises'
import { figure, median, quantile, type Figure } from './measure.ts'
import { moveReports } from './moving-reports.ts'
import { launchChromium, scriptBytes, watchPage } from './page-probe.ts'
import type { Stage } from './stage.ts'

const RUNNING = 500
const EVENTS = 1_000
const OPENINGS = 10
/** Seconds until memory is looked at first: the heap has grown to what the page needs by then. */
const SETTLED = 20
/** Seconds between two looks. */
const LOOK = 10

/** The dashboard in headless Chromium without a graphics card: how soon it is there, and how it moves when much does. */
export async function benchPage(stage: Stage, minutes: number, say: (line: string) => void): Promise<Figure[]> {
  const { url, adminToken } = stage.service
  const ids = await stage.runningReports(RUNNING)
  const browser = await launchChromium()
  try {
    const openings: number[] = []
    for (let n = -1; n < OPENINGS; n++) {
      const opened = await watchPage(browser, url, adminToken)
      const { firstRow } = await opened.notes()
      if (n >= 0) openings.push(firstRow ?? Number.NaN)
      await opened.close()
    }
    say(`First row on the screen: p50 ${median(openings).toFixed(0)} ms, over ${OPENINGS} openings`)

    const watched = await watchPage(browser, url, adminToken)
    const moving = moveReports({ redisUrl: stage.redisUrl, tenantId: stage.tenantId, ids, perSecond: EVENTS })
    const frames: number[] = []
    const long: number[] = []
    const heaps: number[] = []
    let events = 0
    const began = performance.now()
    try {
      for (const end = began + minutes * 60_000; performance.now() < end;) {
        await pause(heaps.length === 0 ? SETTLED * 1_000 : LOOK * 1_000)
        const noted = await watched.notes()
        frames.push(...noted.frames)
        long.push(...noted.long)
        events += watched.events()
        heaps.push(await watched.heap())
        // The collection was ours.
        await watched.notes()
      }
    } finally {
      await moving.close()
    }
    const seconds = (performance.now() - began) / 1_000
    say(
      `${RUNNING} running, ${(events / seconds).toFixed(0)} events a second: frames p50 ${median(frames).toFixed(1)} ms, p95 ${quantile(frames, 0.95).toFixed(1)} ms, p99 ${quantile(frames, 0.99).toFixed(1)} ms; ${long.length} tasks above 50 ms; heap ${heaps.map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(', ')} MiB`,
    )
    const [first = Number.NaN, ...later] = heaps
    return [
      figure('Page: from navigation to rows on the screen, slowest of ten', Math.max(...openings), ' ms', {
        most: 1_000,
      }),
      figure('Page: JavaScript, gzip', (await scriptBytes()) / 1_000, ' kB', { most: 200 }),
      figure(`Page: events a second that came, of ${EVENTS}`, events / seconds, '', { least: EVENTS * 0.95 }),
      figure('Page: longest task', Math.max(0, ...long), ' ms', { most: 200 }),
      figure('Page: frame, p95, software rendering', quantile(frames, 0.95), ' ms', { most: 33 }),
      figure(`Page: heap after ${minutes} min over that after ${SETTLED} s`, median(later.slice(-3)) / first, 'x', {
        most: 1.1,
      }),
    ]
  } finally {
    await browser.close()
  }
}

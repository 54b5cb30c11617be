/** Request events that look like those of a small site. The same seed gives the same events. */

export interface DemoEvent {
  readonly request_id: string
  /** With milliseconds, in UTC. */
  readonly time: string
  readonly visitor: string
  readonly path: string
  readonly referrer: string | null
  readonly user_agent: string
  readonly status: number
}

const PATHS = [
  '/',
  '/pricing',
  '/docs',
  '/docs/start',
  '/docs/api',
  '/blog',
  '/blog/reports',
  '/login',
  '/app',
  '/app/reports',
  '/app/settings',
]
const REFERRERS = [null, null, 'https://www.google.com/', 'https://news.ycombinator.com/', 'https://github.com/']
const AGENTS = ['Mozilla/5.0 (X11; Linux x86_64)', 'Mozilla/5.0 (Macintosh)', 'Mozilla/5.0 (iPhone)', 'curl/8.5.0']

/** `count` events spread evenly over [from, to), of `visitors` people. Milliseconds since 1970. */
export function* requestEvents(
  count: number,
  { from, to, visitors = 2_000, seed = 1 }: { from: number; to: number; visitors?: number; seed?: number },
): Generator<DemoEvent, void, undefined> {
  const random = randomFrom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  for (let index = 0; index < count; index++) {
    const at = Math.floor(from + ((to - from) * index) / count)
    yield {
      request_id: `r${seed}-${String(index).padStart(8, '0')}`,
      time: new Date(at).toISOString(),
      // A few come often and most of them seldom.
      visitor: `v${Math.floor(visitors * random() ** 2)}`,
      path: pick(PATHS),
      referrer: pick(REFERRERS),
      user_agent: pick(AGENTS),
      status: random() < 0.95 ? 200 : 404,
    }
  }
}

/** Mulberry32: numbers from 0 to 1. */
function randomFrom(seed: number): () => number {
  let value = seed
  return () => {
    value = (value + 0x6d2b79f5) | 0
    let mixed = Math.imul(value ^ (value >>> 15), 1 | value)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

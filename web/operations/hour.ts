import type { SystemNow } from './live.ts'

type Minute = SystemNow['lastHour'][number]
/** What is drawn of each minute. */
export type Counted = 'succeeded' | 'failed' | 'rows'

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
/** A minute as the reader's clock shows it. */
export const minuteWord = (seconds: number): string => clock.format(seconds * 1_000)

/** For uPlot: seconds since 1970, and what was counted in each of these minutes. */
export function series(minutes: readonly Minute[], counted: Counted): [xs: number[], ys: number[]] {
  return [minutes.map(({ at }) => Date.parse(at) / 1_000), minutes.map((minute) => minute[counted])]
}

export const total = (minutes: readonly Minute[], counted: Counted): number =>
  minutes.reduce((sum, minute) => sum + minute[counted], 0)

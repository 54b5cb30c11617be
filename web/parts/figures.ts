/** Figures and moments as a reader in this browser's language and zone would write them. */

const whole = new Intl.NumberFormat()
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'narrow' })

export const count = (value: number): string => whole.format(value)
export const roughly = (value: number): string => short.format(value)

/** 1_536 → "1.5 KiB". */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(Math.max(0, Math.floor(Math.log2(Math.max(value, 1)) / 10)), units.length - 1)
  return `${(value / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

/** Seconds as "45 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1_000))} ms`
  const s = Math.round(seconds)
  if (s < 60) return `${s} s`
  if (s < 3_600) return s % 60 === 0 ? `${s / 60} min` : `${Math.floor(s / 60)} min ${s % 60} s`
  const minutes = Math.round(s / 60)
  if (minutes < 1_440)
    return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${Math.round(minutes / 1_440)} d`
}

/** In the reader's zone, to the second. */
export const instant = (iso: string): string => moment.format(new Date(iso))

/** "3 min ago", "in 2 hr". */
export function since(iso: string, now: number): string {
  const seconds = (Date.parse(iso) - now) / 1_000
  const size = Math.abs(seconds)
  if (size < 5) return 'now'
  if (size < 60) return ago.format(Math.trunc(seconds), 'second')
  if (size < 3_600) return ago.format(Math.trunc(seconds / 60), 'minute')
  if (size < 86_400) return ago.format(Math.trunc(seconds / 3_600), 'hour')
  return ago.format(Math.trunc(seconds / 86_400), 'day')
}

/** Moments on the clocks of time zones, by the browser's own tables. Pure. */

/** Making a formatter takes a third of a millisecond, and a list asks for the same few again and again. */
const formats = new Map<string, Intl.DateTimeFormat>()
const MOST_FORMATS = 200

function formatOf(zone: string, name: string, locale: string | undefined, how: Intl.DateTimeFormatOptions) {
  const key = `${name} ${zone}`
  const known = formats.get(key)
  if (known) return known
  const made = new Intl.DateTimeFormat(locale, { ...how, timeZone: zone })
  if (formats.size >= MOST_FORMATS) formats.clear()
  formats.set(key, made)
  return made
}

/** What the zone's clock shows, as if it were UTC; epoch milliseconds, whole seconds. */
function shown(at: number, zone: string): number {
  const how = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const // prettier-ignore
  const parts = formatOf(zone, 'parts', 'en-US-u-hc-h23', how).formatToParts(at)
  const [year, month, day, hour, minute, second] = Object.keys(how).map((type) =>
    Number(parts.find((part) => part.type === type)?.value),
  ) as [number, number, number, number, number, number]
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

/** Minutes that the zone's clock is ahead of UTC. */
export const offsetAt = (iso: string, zone: string): number => offsetOf(Date.parse(iso), zone)

function offsetOf(at: number, zone: string): number {
  return Math.round((shown(at, zone) - Math.floor(at / 1_000) * 1_000) / 60_000)
}

/** 120 → "UTC+2", 330 → "UTC+5:30". */
export function offsetWord(minutes: number): string {
  if (minutes === 0) return 'UTC'
  const size = Math.abs(minutes)
  const rest = size % 60 === 0 ? '' : `:${String(size % 60).padStart(2, '0')}`
  return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(size / 60)}${rest}`
}

/** "Mon, 23 Nov 2026, 09:00"; with seconds where there are any. */
export function momentIn(iso: string, zone: string): string {
  const at = Date.parse(iso)
  const fine = at % 60_000 !== 0
  const how = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' } as const // prettier-ignore
  return formatOf(zone, fine ? 'fine' : 'moment', undefined, { ...how, ...(fine && { second: '2-digit' }) }).format(at)
}

/** For an input of type datetime-local: "2027-01-31T09:00". */
export function localText(iso: string, zone: string): string {
  return new Date(shown(Date.parse(iso), zone)).toISOString().slice(0, 16)
}

/**
 * "2027-01-31T09:00" on the zone's clock as an instant; null: not written so. Shown twice: the first. Leapt over: as late after
 * the leap as it would have been after its beginning.
 */
export function instantOf(text: string, zone: string): string | null {
  const wanted = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(text) ? Date.parse(`${text}Z`) : Number.NaN
  if (Number.isNaN(wanted)) return null
  const day = 86_400_000
  const [before, after] = [offsetOf(wanted - day, zone), offsetOf(wanted + day, zone)]
  const fits = [before, after].map((offset) => wanted - offset * 60_000).find((at) => shown(at, zone) === wanted)
  return new Date(fits ?? wanted - before * 60_000).toISOString()
}

/** Dates and instants as a form shows and takes them. */

const day = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
})

/** What a date or an instant (ISO 8601) is in words; an instant in that zone, which must be one. Several are a list. */
export function momentWords(value: unknown, timeZone: string): string | null {
  if (Array.isArray(value)) return value.map((one) => momentWords(one, timeZone)).join('; ')
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) return null
  if (!value.includes('T')) return day.format(new Date(`${value}T00:00:00Z`))
  const instant = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium', timeZone })
  return `${instant.format(new Date(value))}, ${timeZone}`
}

/** "2026-11-21T09:00" on the clocks of that zone → "2026-11-21T07:00:00Z". In a gap: as far behind it as it lies in it. */
export function instantIn(local: string, timeZone: string): string {
  const wanted = Date.parse(`${local}Z`)
  // The offset is that of the moment itself, which is known only as well as the offset: the second look settles it.
  const near = wanted - offsetAt(wanted, timeZone)
  return new Date(wanted - offsetAt(near, timeZone)).toISOString().replace('.000Z', 'Z')
}

/** Milliseconds that the zone's clocks are ahead of UTC. */
function offsetAt(instant: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1_000) * 1_000
}

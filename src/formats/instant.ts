/** An instant as text, in the two ways that documents write it. Both are UTC; fractions lose their trailing zeros. */

const OFFSET_OR_ZONE = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(\.\d{1,9})?(Z|[+-]\d\d(?::?\d\d)?)$/i

/** "2026-11-21 09:00:00.12", as Postgres writes a timestamp; " BC" at the end where it is due. Throws RangeError for an invalid Date. */
export function postgresTimestamp(at: Date, zone: '' | '+00'): string {
  const iso = at.toISOString()
  const year = at.getUTCFullYear()
  const rest = iso.slice(iso.indexOf('T') - 6)
  const time = trimFraction(rest.slice(7, -1))
  const written = year > 0 ? year : 1 - year
  return `${String(written).padStart(4, '0')}${rest.slice(0, 6)} ${time}${zone}${year > 0 ? '' : ' BC'}`
}

/** "2026-11-21": the date of an instant in UTC, as Postgres writes it. */
export function postgresDate(at: Date): string {
  const [date = '', , era] = postgresTimestamp(at, '').split(' ')
  return era === undefined ? date : `${date} ${era}`
}

/** "2026-11-21T09:00:00.12Z". */
export function rfc3339(at: Date): string {
  const iso = at.toISOString()
  return `${trimFraction(iso.slice(0, -1))}Z`
}

/** RFC 3339 (or Postgres') text of an instant as Postgres writes it in UTC; what is neither stays as it is ("infinity"). */
export function toPostgresInstant(text: string): string {
  if (text.charCodeAt(10) === 0x20) return text
  const instant = normalise(text)
  return instant === null ? text : `${instant.replace('T', ' ')}+00`
}

/** Postgres' (or RFC 3339) text of an instant, in any zone, as RFC 3339 in UTC; what is neither stays as it is ("infinity"). */
export function toRfc3339(text: string): string {
  const instant = normalise(text)
  return instant === null ? text : `${instant}Z`
}

/** In UTC without the zone. Date counts no digits beyond the millisecond, so the fraction is carried as text. */
function normalise(text: string): string | null {
  if (text.length > 19 && text.endsWith('+00') && text.charCodeAt(10) === 0x20)
    return `${text.slice(0, 10)}T${trimFraction(text.slice(11, -3))}`
  const parts = OFFSET_OR_ZONE.exec(text)
  if (!parts) return null
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = parts
  const offset = /^z$/i.test(zone)
    ? '+00:00'
    : zone.length === 3
      ? `${zone}:00`
      : zone.includes(':')
        ? zone
        : `${zone.slice(0, 3)}:${zone.slice(3)}`
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`)
  if (Number.isNaN(at.getTime())) return null
  return trimFraction(at.toISOString().slice(0, -5) + fraction)
}

function trimFraction(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

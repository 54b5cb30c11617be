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
  if (isUtc(text)) return `${text.slice(0, 10)} ${trimFraction(text.slice(11, -1))}+00`
  const instant = normalise(text)
  return instant === null ? text : `${instant.replace('T', ' ')}+00`
}

/** Postgres' (or RFC 3339) text of an instant, in any zone, as RFC 3339 in UTC; what is neither stays as it is ("infinity"). */
export function toRfc3339(text: string): string {
  if (isUtc(text)) return text.length === 20 ? text : `${trimFraction(text.slice(0, -1))}Z`
  const instant = normalise(text)
  return instant === null ? text : `${instant}Z`
}

/**
 * True for "2026-11-21T09:00:00.12Z" with nothing out of range: what a source gives. Read by hand because it is asked for each
 * instant of a document; of a day that not every year or month has, normalise() decides.
 */
function isUtc(text: string): boolean {
  const { length } = text
  if (length < 20 || length > 30 || text.charCodeAt(length - 1) !== 0x5a) return false
  if (text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d || text.charCodeAt(10) !== 0x54) return false
  if (text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a) return false
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  if (!(twoDigits(text, 0) >= 0 && twoDigits(text, 2) >= 0 && month >= 1 && month <= 12)) return false
  if (!(day >= 1 && day <= (month === 2 ? 28 : 30))) return false
  if (!(twoDigits(text, 11) <= 23 && twoDigits(text, 14) <= 59 && twoDigits(text, 17) <= 59)) return false
  if (length === 20) return true
  if (length === 21 || text.charCodeAt(19) !== 0x2e) return false
  for (let index = 20; index < length - 1; index++) if (!isDigit(text.charCodeAt(index))) return false
  return true
}

/** NaN where they are none: no comparison holds for it. */
function twoDigits(text: string, index: number): number {
  const tens = text.charCodeAt(index)
  const ones = text.charCodeAt(index + 1)
  return isDigit(tens) && isDigit(ones) ? (tens - 0x30) * 10 + ones - 0x30 : Number.NaN
}
function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
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

import { refuse } from '../errors.ts'

/** Zones that were asked about, at most so many: telling one takes a third of a millisecond. */
const zones = new Map<string, string>()
const MOST_ZONES = 1_000

/** An IANA name as the platform writes it. Throws Refusal at `field`. */
export function checkTimeZone(name: string, field: string[] = ['timeZone']): string {
  const known = zones.get(name)
  if (known !== undefined) return known
  try {
    if (/^[+-]/.test(name)) throw new RangeError('an offset is no zone')
    const zone = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
    if (zones.size < MOST_ZONES) zones.set(name, zone)
    return zone
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw refuse('INVALID', field, `"${name.slice(0, 100)}" is not an IANA time zone such as "Europe/Vilnius".`)
  }
}

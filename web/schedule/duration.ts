/** ISO 8601 durations of a fixed length, as the API takes them. Pure. */

export const UNITS = ['second', 'minute', 'hour', 'day', 'week'] as const
export type Unit = (typeof UNITS)[number]
const SECONDS: Readonly<Record<Unit, number>> = { second: 1, minute: 60, hour: 3_600, day: 86_400, week: 604_800 }

/** Its parts, the longest first; null: not one of weeks, days, hours, minutes and whole seconds. */
function partsOf(iso: string): readonly (readonly [number, Unit])[] | null {
  const found = /^P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.0+)?S)?)?$/.exec(iso)
  if (!found) return null
  return UNITS.toReversed()
    .map((unit, at) => [Number(found[at + 1] ?? 0), unit] as const)
    .filter(([size]) => size > 0)
}

/** "PT90M" → "90 minutes", "P1DT2H" → "1 day 2 hours"; what is not known stays as it is. */
export function durationWords(iso: string): string {
  const parts = partsOf(iso)
  if (!parts) return iso
  if (parts.length === 0) return '0 seconds'
  return parts.map(([size, unit]) => `${size} ${unit}${size === 1 ? '' : 's'}`).join(' ')
}

/** In one unit, the longest that fits without a rest, so that two fields of a form can say it; null as for partsOf. */
export function oneUnitOf(iso: string): { size: number; unit: Unit } | null {
  const parts = partsOf(iso)
  if (!parts) return null
  const seconds = parts.reduce((sum, [size, unit]) => sum + size * SECONDS[unit], 0)
  const unit = seconds === 0 ? 'hour' : (UNITS.findLast((one) => seconds % SECONDS[one] === 0) ?? 'second')
  return { size: seconds / SECONDS[unit], unit }
}

/** 90, minute → "PT90M"; null: not a whole number above zero. */
export function durationOf(size: string, unit: Unit): string | null {
  if (!/^\d{1,9}$/.test(size.trim()) || Number(size) === 0) return null
  const whole = Number(size)
  return unit === 'week' || unit === 'day'
    ? `P${whole}${unit === 'week' ? 'W' : 'D'}`
    : `PT${whole}${unit.charAt(0).toUpperCase()}`
}

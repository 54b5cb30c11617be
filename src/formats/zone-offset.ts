/** Offsets are asked for once for so many seconds: no zone changes its clock twice in between. */
const STRETCH = 900
/** Stretches that are remembered: a year of them. */
const MOST_STRETCHES = 35_040

/**
 * Seconds that a zone's clocks are ahead of UTC at an instant (seconds from 1970). `Intl` is asked for each quarter of an hour
 * that comes and not for each instant; where a clock changes within one, for each.
 */
export function zoneOffset(timeZone: string): (seconds: number) => number {
  if (timeZone === 'UTC') return () => 0
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone, calendar: 'gregory', hourCycle: 'h23', era: 'short',
    year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  }) // prettier-ignore
  const stretches = new Map<number, number | null>()

  function ask(seconds: number): number {
    const part: Record<string, number> = {}
    let era = ''
    for (const { type, value } of format.formatToParts(seconds * 1000)) {
      if (type === 'era') era = value
      else if (type !== 'literal') part[type] = Number(value)
    }
    const local = new Date(0)
    local.setUTCFullYear(era.startsWith('B') ? 1 - part['year']! : part['year']!, part['month']! - 1, part['day'])
    local.setUTCHours(part['hour']!, part['minute'], part['second'])
    return local.getTime() / 1000 - seconds
  }

  return (seconds) => {
    const stretch = Math.floor(seconds / STRETCH)
    let offset = stretches.get(stretch)
    if (offset === undefined) {
      const first = ask(stretch * STRETCH)
      offset = first === ask(stretch * STRETCH + STRETCH - 1) ? first : null
      if (stretches.size >= MOST_STRETCHES) stretches.clear()
      stretches.set(stretch, offset)
    }
    return offset ?? ask(Math.floor(seconds))
  }
}

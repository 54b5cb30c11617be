/** Five fields as a form has them, and as people say them. Pure; what is right and when it comes is the service's to say. */

export interface CronFields {
  readonly minute: string
  readonly hour: string
  readonly dayOfMonth: string
  readonly month: string
  /** 0 and 7 are Sunday. */
  readonly dayOfWeek: string
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
/** From Monday to Sunday. */
const DAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN']

/** With names as numbers; null: not five fields. */
export function cronFields(expression: string): CronFields | null {
  const [minute, hour, dayOfMonth, month, dayOfWeek, more] = expression.trim().toUpperCase().split(/\s+/)
  if (dayOfWeek === undefined || more !== undefined) return null
  const plain = (field = '') => (/^\*(\/1)?$/.test(field) ? '*' : field)
  return {
    minute: plain(minute),
    hour: plain(hour),
    dayOfMonth: plain(dayOfMonth),
    month: plain(numbered(month ?? '', MONTHS)),
    dayOfWeek: plain(numbered(dayOfWeek, DAYS).replaceAll(/\b0(?=,|$|L|#)/g, '7')),
  }
}

const numbered = (field: string, names: readonly string[]) =>
  field.replaceAll(/[A-Z]{3}/g, (name) => (names.includes(name) ? String(names.indexOf(name) + 1) : name))

/** Each value of a field of numbers, ranges and steps, in order; null: it has "*" alone or something else in it. */
export function valuesOf(field: string, [low, high]: readonly [number, number]): readonly number[] | null {
  const values = new Set<number>()
  for (const item of field.split(',')) {
    const [, all, from, to, step] = /^(?:(\*)|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(item) ?? []
    if ((all === undefined && from === undefined) || (all !== undefined && step === undefined)) return null
    const first = all === undefined ? Number(from) : low
    const last = all === undefined ? Number(to ?? from) : high
    if (first < low || last > high || first > last || step === '0') return null
    for (let value = first; value <= last; value += Number(step ?? 1)) values.add(value)
  }
  return [...values].toSorted((a, b) => a - b)
}

/** Days of the week, 1 for Monday to 7 for Sunday, in order; null as for valuesOf. */
export function weekdaysOf(field: string): readonly number[] | null {
  const values = valuesOf(field, [0, 7])
  return values && [...new Set(values.map((day) => day || 7))].toSorted((a, b) => a - b)
}

export interface DaysAndTime {
  /** 1 for Monday to 7 for Sunday. */
  readonly days: readonly number[]
  /** "09:30" */
  readonly time: string
}

/** "0 9 * * MON,THU"; null while there is no day or no time. */
export function cronOf({ days, time }: DaysAndTime): string | null {
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)/.exec(time) ?? []
  const sorted = [...new Set(days)].toSorted((a, b) => a - b)
  if (hour === undefined || sorted.length === 0) return null
  const names = sorted.map((day) => DAYS[day - 1])
  const inARow = sorted.length > 2 && sorted.every((day, at) => day === (sorted[0] ?? 0) + at)
  const week = sorted.length === 7 ? '*' : inARow ? `${names[0]}-${names.at(-1)}` : names.join(',')
  return `${Number(minute)} ${Number(hour)} * * ${week}`
}

/** What cronOf would make it of; null: it says more than that. */
export function daysAndTimeOf(expression: string): DaysAndTime | null {
  const fields = cronFields(expression)
  if (!fields || fields.dayOfMonth !== '*' || fields.month !== '*') return null
  const days = fields.dayOfWeek === '*' ? [1, 2, 3, 4, 5, 6, 7] : weekdaysOf(fields.dayOfWeek)
  const [hours, minutes] = [valuesOf(fields.hour, [0, 23]), valuesOf(fields.minute, [0, 59])]
  if (!days || hours?.length !== 1 || minutes?.length !== 1) return null
  return { days, time: clock(hours[0] ?? 0, minutes[0] ?? 0) }
}

/** 9, 5 → "09:05" */
export const clock = (hour: number, minute: number): string =>
  `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`

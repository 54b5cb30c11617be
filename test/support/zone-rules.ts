import { Temporal } from 'temporal-polyfill'

/** A moment when the clock of a zone is moved: epoch milliseconds. */
export interface Change {
  readonly at: number
  readonly before: number
  readonly offset: number
}

/** Every zone that the platform knows. */
export const ZONES: readonly string[] = Intl.supportedValuesOf('timeZone')

/** When the clock of the zone is moved between two instants, by Temporal. */
export function changesOf(timeZone: string, from: number, until: number): Change[] {
  const changes: Change[] = []
  let moment = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone)
  for (;;) {
    const next = moment.getTimeZoneTransition('next')
    if (!next || next.epochMilliseconds >= until) return changes
    changes.push({
      at: next.epochMilliseconds,
      before: moment.offsetNanoseconds / 1e6,
      offset: next.offsetNanoseconds / 1e6,
    })
    moment = next
  }
}

/** One zone for each set of rules that is different between two instants, with its changes. */
export function distinctRules(from: number, until: number): { timeZone: string; changes: readonly Change[] }[] {
  const found = new Map<string, { timeZone: string; changes: readonly Change[] }>()
  for (const timeZone of ZONES) {
    const changes = changesOf(timeZone, from, until)
    const offset = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone).offset
    const rules = `${offset} ${changes.map(({ at, offset: to }) => `${at}:${to}`).join(' ')}`
    if (!found.has(rules)) found.set(rules, { timeZone, changes })
  }
  return [...found.values()]
}

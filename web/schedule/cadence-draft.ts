import type { CadenceInput, CadencePreset } from '../generated/graphql.ts'
import type { CadenceOf } from './cadence-words.ts'
import { cronOf, daysAndTimeOf } from './cron.ts'
import { durationOf, oneUnitOf, type Unit } from './duration.ts'
import { instantOf, localText } from './zone.ts'

/** When, as a form holds it: what was typed in one way comes back when one returns to it. Pure. */
export interface CadenceDraft {
  readonly way: Way
  readonly days: readonly number[]
  readonly time: string
  readonly preset: CadencePreset
  readonly size: string
  readonly unit: Unit
  /** On the schedule's clock: "2027-01-31T09:00". */
  readonly local: string
  readonly cron: string
}
export const WAYS = ['days', 'preset', 'every', 'once', 'cron'] as const
export type Way = (typeof WAYS)[number]

/** What each preset is kept as: docs/schedules.md. */
export const PRESETS: Readonly<Record<CadencePreset, string>> = {
  HOURLY: '0 * * * *',
  DAILY: '0 0 * * *',
  WEEKLY: '0 0 * * 1',
  MONTHLY: '0 0 1 * *',
}

export const FIRST_CADENCE: CadenceDraft = {
  way: 'days',
  days: [1, 2, 3, 4, 5],
  time: '09:00',
  preset: 'DAILY',
  size: '6',
  unit: 'hour',
  local: '',
  cron: '30 9 * * MON-FRI',
}

/** In the way that says it most simply. */
export function cadenceDraft({ cron, every, at, timeZone }: CadenceOf): CadenceDraft {
  if (at !== null) return { ...FIRST_CADENCE, way: 'once', local: localText(at, timeZone) }
  if (every !== null) {
    const { size, unit } = oneUnitOf(every) ?? { size: '', unit: 'hour' as const }
    return { ...FIRST_CADENCE, way: 'every', size: String(size), unit }
  }
  const text = cron ?? ''
  const preset = (Object.keys(PRESETS) as CadencePreset[]).find((name) => PRESETS[name] === text)
  const days = daysAndTimeOf(text)
  const known = { ...FIRST_CADENCE, cron: text, ...days }
  return { ...known, way: preset ? 'preset' : days ? 'days' : 'cron', ...(preset && { preset }) }
}

/** As the API takes it; a text where something is missing, which says what. */
export function cadenceInput(draft: CadenceDraft, timeZone: string): CadenceInput | string {
  switch (draft.way) {
    case 'days': {
      const cron = cronOf(draft)
      return cron === null ? 'Choose at least one day, and a time.' : { cron }
    }
    case 'preset':
      return { preset: draft.preset }
    case 'every': {
      const every = durationOf(draft.size, draft.unit)
      return every === null ? 'Write how often: a whole number above zero.' : { every }
    }
    case 'once': {
      const at = instantOf(draft.local, timeZone)
      return at === null ? 'Choose a day and a time.' : { at }
    }
    case 'cron':
      return draft.cron.trim() === '' ? 'Write five fields, e.g. 30 9 * * MON-FRI.' : { cron: draft.cron.trim() }
  }
}

/** What cadenceWords reads, of an input; null for what is not whole. */
export function cadenceOf(input: CadenceInput | string, timeZone: string): CadenceOf | null {
  if (typeof input === 'string') return null
  const { cron, every, at, preset } = input
  return { cron: preset ? PRESETS[preset] : (cron ?? null), every: every ?? null, at: at ?? null, timeZone }
}

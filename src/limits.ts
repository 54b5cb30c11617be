/**
 * What one caller may take. Each is a setting of .env.example; an API token may have values of its own. Pure.
 * A caller is a user, or an API token that has limits of its own.
 */
export interface Limits {
  /** Levels of fields in one document. Fragments don't count, what is asked about the schema itself neither. */
  readonly depth: number
  readonly aliases: number
  readonly directives: number
  /** Words and signs of one document. */
  readonly tokens: number
  /** What one operation may load: a field is 1, and what stands below a list counts as often as the list may be long. */
  readonly cost: number
  /** Operations under way on one socket. */
  readonly operations: number
  /** Sockets of one caller at once. */
  readonly sockets: number
  /** Subscriptions of one caller at once, over WebSocket and SSE. */
  readonly subscriptions: number
  /** Messages of one caller in a second, over all its sockets. */
  readonly messages: number
  /** Operations of one caller in a time. */
  readonly rate: Rate
}

/** A bucket of `most` tokens that fills up evenly within `seconds`. */
export interface Rate {
  readonly most: number
  readonly seconds: number
}

/** Limits of an API token, as far as it has its own. */
export type OwnLimits = { readonly [Name in keyof Limits]?: Limits[Name] | undefined }

/** The limits that are whole numbers: their setting, what it is unless told, and from where to where it may go. */
export const COUNTED = {
  depth: { setting: 'QUERY_DEPTH', usual: 10, least: 1, most: 100 },
  aliases: { setting: 'QUERY_ALIASES', usual: 15, least: 0, most: 1_000 },
  directives: { setting: 'QUERY_DIRECTIVES', usual: 50, least: 0, most: 1_000 },
  tokens: { setting: 'QUERY_TOKENS', usual: 1_000, least: 20, most: 5_000 },
  cost: { setting: 'QUERY_COST', usual: 20_000, least: 100, most: 10_000_000 },
  operations: { setting: 'SOCKET_OPERATIONS', usual: 50, least: 1, most: 10_000 },
  sockets: { setting: 'USER_SOCKETS', usual: 10, least: 1, most: 100_000 },
  subscriptions: { setting: 'USER_SUBSCRIPTIONS', usual: 200, least: 1, most: 1_000_000 },
  messages: { setting: 'USER_MESSAGES', usual: 20, least: 1, most: 1_000_000 },
} as const satisfies Record<Exclude<keyof Limits, 'rate'>, object>
export type Counted = keyof typeof COUNTED
export const COUNTED_NAMES = Object.keys(COUNTED) as Counted[]

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 }
const MOST_OPERATIONS = 10_000_000

/** "600/m" as a Rate: operations in a second (s, also where nothing is said), a minute (m) or an hour (h). Null: it is none. */
export function readRate(text: string): Rate | null {
  const [, count, unit = 's'] = /^(\d{1,8})(?:\/([smh]))?$/.exec(text.trim()) ?? []
  const most = Number(count)
  return most >= 1 && most <= MOST_OPERATIONS ? { most, seconds: UNITS[unit] as number } : null
}

/** As it is written. */
export function writeRate({ most, seconds }: Rate): string {
  return `${most}/${Object.keys(UNITS).find((unit) => UNITS[unit] === seconds)}`
}

/** Whether `rate` lets more through than `bound`, at once or in the long run. */
export function isAbove(rate: Rate, bound: Rate): boolean {
  return rate.most > bound.most || rate.most / rate.seconds > bound.most / bound.seconds
}

const USUAL_RATE: Rate = { most: 3_000, seconds: 60 }
/** What the limits are where no setting says otherwise. */
export const USUAL_LIMITS: Limits = {
  ...(Object.fromEntries(COUNTED_NAMES.map((name) => [name, COUNTED[name].usual])) as Record<Counted, number>),
  rate: USUAL_RATE,
}

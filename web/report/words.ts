import type { ReportAttemptOutcome, ReportAuditKind, ReportStatus } from '../generated/graphql.ts'

/** `minLifetimeValue`, `order_number` → "Min lifetime value", "Order number". */
export function nameWords(name: string): string {
  const words = name
    .replaceAll('_', ' ')
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .trim()
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** A value of a parameter or of a summary; null where there is none. */
export function valueWords(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value === '' ? '“”' : value
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value))
    return value.length === 0 ? '(none)' : value.map((one) => valueWords(one) ?? 'null').join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const PLAIN_NUMBER = /^-?\d+(\.\d+)?$/

/** A figure of a summary; exact ones come as text, and keep all their digits. */
export function figureWords(value: unknown): string | null {
  const text = String(value)
  if ((typeof value !== 'number' && typeof value !== 'string') || !PLAIN_NUMBER.test(text)) return valueWords(value)
  const digits = text.split('.')[1]?.length ?? 0
  // Four digits may be a year.
  const format = new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, useGrouping: 'min2' })
  return format.format(text as Intl.StringNumericLiteral)
}

/** A cell of a document, as it stands in it; null where it is empty. */
export function cellWords(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const NUMBERS = new Set(['Int', 'BigInt', 'Float', 'Decimal'])
export const isNumber = (type: string): boolean => NUMBERS.has(type)

const TYPES: Readonly<Record<string, string>> = {
  String: 'text',
  Int: 'whole number',
  BigInt: 'whole number',
  Float: 'number',
  Decimal: 'exact number',
  Boolean: 'yes or no',
  Date: 'date',
  DateTime: 'date and time',
  LocalDateTime: 'date and time, no zone',
  Time: 'time of day',
  DateExpression: 'date, or a relative one',
  ID: 'id',
  Upload: 'file',
  JSON: 'JSON',
  List: 'list',
  Bytes: 'bytes',
}

/** `[String!]!`, `SalesRegion` → "several: text", "one of EU, US, APAC". A type that is not known is shown as it is. */
export function typeWords(type: string, values: readonly string[] | null = null): string {
  const bare = type.replaceAll(/[[\]!]/g, '')
  const several = type.startsWith('[')
  if (values) return `${several ? 'some' : 'one'} of ${values.join(', ')}`
  return `${several ? 'several: ' : ''}${TYPES[bare] ?? bare}`
}

const OUTCOMES: Readonly<Record<ReportAttemptOutcome, string>> = {
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
  LOST: 'Its worker was lost',
  CANCELED: 'Canceled',
  HANDED_BACK: 'Handed back by a worker that stopped; not counted',
}
export const outcomeWords = (outcome: ReportAttemptOutcome | null): string =>
  outcome === null ? 'Under way' : (OUTCOMES[outcome] ?? outcome)

const DEEDS: Readonly<Record<ReportAuditKind, string>> = {
  REQUESTED: 'asked for it',
  REUSED: 'asked for the same, and got this one',
  CANCELED: 'canceled it',
  RETRIED: 'had it tried again',
  DOWNLOADED: 'downloaded it, by a link they made',
  DELIVERED: 'had it delivered to more targets',
  DELETED: 'deleted it',
}
/** What somebody did, behind their name. */
export const deedWords = (kind: ReportAuditKind): string => DEEDS[kind] ?? kind.toLowerCase().replaceAll('_', ' ')

/** What the service noted beside it, where that says more. */
export function detailWords(detail: unknown): string {
  if (typeof detail !== 'object' || detail === null) return ''
  const { was, to } = detail as { was?: unknown; to?: unknown }
  if (typeof was === 'string') return `it was ${was.toLowerCase()}`
  if (Array.isArray(to) && to.length > 0) return `by ${to.map((channel) => String(channel).toLowerCase()).join(', ')}`
  return ''
}

/** Reports that start before it, as a place. */
export function placeWords(before: number): string {
  if (before === 0) return 'Next in line'
  return `${before} ${before === 1 ? 'report starts' : 'reports start'} before it`
}

/** What may be done with a report that stands so; who may is another question. */
export function allowedBy(status: ReportStatus) {
  const over = status === 'SUCCEEDED' || status === 'FAILED' || status === 'CANCELED' || status === 'EXPIRED'
  return {
    cancel: status === 'QUEUED' || status === 'RUNNING',
    retry: status === 'FAILED' || status === 'CANCELED',
    regenerate: over,
    delete: over,
  }
}

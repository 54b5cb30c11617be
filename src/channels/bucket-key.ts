import { encodeId } from '../api-id.ts'
import type { Outcome } from './channel.ts'

const LONGEST = 512
/** Letters of any language, and signs that need no care in a key. */
const SEGMENT = /^[\p{L}\p{M}\p{N} ._=+@,()!-]+$/u
const PLACEHOLDER = /\{[^{}]*\}/g

/** What a key may hold beside letters, and what becomes of it. */
const FILLED: Readonly<Record<string, (outcome: Outcome) => string>> = {
  '{reportId}': ({ reportId }) => encodeId('Report', reportId),
  '{type}': ({ reportType }) => reportType,
  // A slot's own day: one that was caught up on does not fall on another's key.
  '{date}': ({ scheduledFor, requestedAt, timeZone }) =>
    new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(scheduledFor ?? requestedAt),
}

/** What is wrong with a key as it was asked for; null where nothing is. */
export function faultOfKey(key: string): string | null {
  if (key === '' || key.length > LONGEST) return `Must have 1 to ${LONGEST} characters.`
  const unknown = key.match(PLACEHOLDER)?.find((each) => !Object.hasOwn(FILLED, each))
  if (unknown !== undefined) return `${unknown} is not known: use ${Object.keys(FILLED).join(', ')}.`
  if (key.startsWith('/') || key.endsWith('/'))
    return 'Must not begin or end with a slash: it is the name of an object below your own prefix.'
  const segments = key.replaceAll(PLACEHOLDER, 'x').split('/')
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    return 'Must not have empty parts, "." or ".." between slashes.'
  if (!segments.every((segment) => SEGMENT.test(segment)))
    return 'Must consist of letters, digits, spaces and . _ = + @ , ( ) ! - between slashes.'
  return null
}

/** The key of one outcome's document, below the bucket's prefix: each tenant has its own. */
export function keyOfOutcome(key: string, outcome: Outcome): string {
  return `${outcome.tenantId}/${key.replaceAll(PLACEHOLDER, (each) => FILLED[each]!(outcome))}`
}

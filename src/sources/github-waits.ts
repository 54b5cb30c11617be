import type { ReportErrorCode } from '../report-type/define.ts'

/** What GitHub has answered; status null: it has not. `now`: the calendar's clock in milliseconds. */
export interface Answered {
  readonly status: number | null
  readonly headers: Readonly<Record<string, string | number | undefined>>
  readonly message: string
  readonly now: number
}

/** What is to be done about it, and what the report says if it can't be. */
export type Next =
  | {
      readonly kind: 'limited'
      readonly milliseconds: number
      readonly code: ReportErrorCode
      readonly message: string
    }
  | { readonly kind: 'again'; readonly milliseconds: number; readonly code: ReportErrorCode; readonly message: string }
  | { readonly kind: 'refused'; readonly code: ReportErrorCode; readonly message: string }

/** What GitHub asks for after a secondary limit without a word of how long, in milliseconds; doubled each time. */
const SECONDARY = 60_000
/** Pauses after a fault of the server: this, doubled each time, and up to half of it more. */
const FAULT = 500
/** GitHub's clock and ours are not one. */
const MARGIN = 1_000

/**
 * GitHub's rules for clients: Retry-After before all, then the reset of a limit that is used up, then a minute for a secondary
 * limit; its own faults and silence after a jittered pause; what it refuses is final.
 * @param tries how often this request has been tried again already.
 */
export function afterAnswer({ status, headers, message, now }: Answered, tries: number, random = Math.random): Next {
  const code = 'SOURCE_RATE_LIMITED'
  const said = message.replaceAll(/\s+/g, ' ').slice(0, 200)
  if (status === 403 || status === 429) {
    const limited = (milliseconds: number): Next => ({
      kind: 'limited',
      milliseconds: milliseconds + Math.round(random() * MARGIN),
      code,
      message: `GitHub limits requests and asks to wait ${Math.ceil(milliseconds / 1000)} s.`,
    })
    const after = retryAfter(headers['retry-after'], now)
    if (after !== null) return limited(after)
    const reset = Number(headers['x-ratelimit-reset'])
    if (Number(headers['x-ratelimit-remaining'] ?? NaN) === 0 && reset > 0)
      return limited(Math.max(0, reset * 1000 - now) + MARGIN)
    if (status === 429 || /secondary rate|abuse|rate limit/i.test(message))
      return limited(SECONDARY * 2 ** Math.min(tries, 4))
    return { kind: 'refused', code: 'ACCESS_DENIED', message: `GitHub does not allow it: ${said}` }
  }
  if (status === 401) return { kind: 'refused', code: 'ACCESS_DENIED', message: 'GitHub does not take GITHUB_TOKEN.' }
  if (status === null || status >= 500 || status === 408) {
    const milliseconds = (retryAfter(headers['retry-after'], now) ?? FAULT * 2 ** tries) * (1 + random() / 2)
    const what = status === null ? 'GitHub did not answer.' : `GitHub has a fault of its own (${status}).`
    return { kind: 'again', milliseconds: Math.round(milliseconds), code: 'SOURCE_UNAVAILABLE', message: what }
  }
  return { kind: 'refused', code: 'SOURCE_QUERY_FAILED', message: `GitHub refuses the request (${status}): ${said}` }
}

/** Seconds or a date, as milliseconds from now; null: not said. */
function retryAfter(value: string | number | undefined, now: number): number | null {
  if (value === undefined || value === '') return null
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(String(value))
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

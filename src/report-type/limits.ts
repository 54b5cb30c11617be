import { durationMilliseconds } from '../schedule/duration.ts'

/** How long a document is kept, how long an attempt may take, how many rows it may have. */
export interface Limits {
  /** ISO 8601. */
  readonly retention: string
  readonly timeout: string
  readonly maxRows: number | null
}

const DEFAULT_RETENTION = 'P7D'
const DEFAULT_TIMEOUT = 'PT10M'

/** Fills in the defaults; `fault` hears of each that is no positive duration or count. */
export function limits(
  given: { [K in keyof Limits]?: unknown },
  fault: (key: keyof Limits, text: string) => void,
): Limits {
  const duration = (key: 'retention' | 'timeout', preset: string): string => {
    const value = given[key] ?? preset
    try {
      if (typeof value === 'string' && durationMilliseconds(value) >= 1000) return value
      fault(key, `${key} must be a duration of at least a second, e.g. ${preset}.`)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      fault(key, `${key}: ${error.message}`)
    }
    return preset
  }
  const maxRows = given.maxRows ?? null
  const counted = maxRows === null || (typeof maxRows === 'number' && Number.isSafeInteger(maxRows) && maxRows > 0)
  if (!counted) fault('maxRows', 'the most rows (max_rows, maxRows) must be a whole number above 0.')
  return {
    retention: duration('retention', DEFAULT_RETENTION),
    timeout: duration('timeout', DEFAULT_TIMEOUT),
    maxRows: counted ? (maxRows as number | null) : null,
  }
}

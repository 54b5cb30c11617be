import { BUCKET_URL } from './config-aws.ts'

export type Environment = Readonly<Record<string, string | undefined>>
export type Reader = ReturnType<typeof createReader>

/** What STORE_URL may start with: the shelf's own names, told with the other faults (a test compares). */
const STORE_SCHEMES: readonly string[] = ['file', 's3']
/** Milliseconds. */
const DAY = 24 * 3600 * 1000

/** Reads one variable at a time and keeps every fault, so that all of them are told at once. */
export function createReader(environment: Environment) {
  const faults: string[] = []
  const text = (name: string): string | null => environment[name]?.trim() || null
  const reader = {
    faults,
    text,
    required(name: string, remedy: string): string {
      const value = text(name)
      if (value === null) faults.push(`${name} is not set: ${remedy}`)
      return value ?? ''
    },
    url(name: string, protocols: readonly string[], value: string): string {
      if (value !== '' && !protocols.includes(URL.parse(value)?.protocol ?? ''))
        faults.push(
          `${name} must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}.`,
        )
      return value
    },
    whole(name: string, fallback: number | null, least: number, most: number): number | null {
      const value = text(name)
      if (value === null) return fallback
      const number = Number(value)
      if (!Number.isInteger(number) || number < least || number > most) {
        faults.push(`${name} is "${value}", but must be a whole number from ${least} to ${most}.`)
        return fallback
      }
      return number
    },
    /** Whole days or weeks of ISO 8601, in milliseconds. */
    days(name: string, fallback: string): number {
      const value = text(name) ?? fallback
      const [, count = '0', unit] = /^P(\d{1,5})([DW])$/.exec(value) ?? []
      const days = Number(count) * (unit === 'W' ? 7 : 1)
      if (days < 1) faults.push(`${name} is "${value}", but must be days or weeks, at least P1D: P90D, P12W.`)
      return days * DAY
    },
    /** Days, hours, minutes and seconds of ISO 8601, in milliseconds: PT1S to P30D. */
    span(name: string, fallback: string): number {
      const value = text(name) ?? fallback
      const parts = /^P(?=.)(?:(\d{1,4})D)?(?:T(?=.)(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$/.exec(value)
      const [days = 0, hours = 0, minutes = 0, seconds = 0] = (parts ?? []).slice(1).map((part) => Number(part ?? 0))
      const span = days * DAY + ((hours * 60 + minutes) * 60 + seconds) * 1000
      if (span < 1000 || span > 30 * DAY)
        faults.push(`${name} is "${value}", but must be a duration from PT1S to P30D: PT24H, PT90M.`)
      return span
    },
    flag(name: string, fallback: boolean): boolean {
      const value = text(name)?.toLowerCase()
      if (value === undefined) return fallback
      if (['true', 'on', '1', 'yes'].includes(value)) return true
      if (['false', 'off', '0', 'no'].includes(value)) return false
      faults.push(`${name} is "${value}", but must be true or false.`)
      return fallback
    },
    list(name: string): string[] {
      return (text(name) ?? '')
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
    },
    /** Origins as a browser sends them: one that is written otherwise would never match. */
    origins(name: string): string[] {
      const origins = reader.list(name)
      for (const origin of origins) {
        const url = URL.parse(origin)
        if (url?.origin !== origin || !/^https?:$/.test(url.protocol))
          faults.push(
            `${name} has "${origin}", which is no origin: scheme, host and port alone, in small letters: https://app.example.com.`,
          )
      }
      return origins
    },
    store(name: string, fallback: string): string {
      const value = text(name) ?? fallback
      const scheme = /^([a-z][a-z0-9]*):./.exec(value)?.[1]
      if (scheme === undefined || !STORE_SCHEMES.includes(scheme))
        faults.push(
          `${name} is "${value}", but must start with ${STORE_SCHEMES.map((known) => `${known}:`).join(' or ')}, and name a place: file:/var/lib/broadsheet/documents.`,
        )
      else if (scheme === 's3' && !BUCKET_URL.test(value))
        faults.push(`${name} is "${value}", but a bucket is written s3://bucket or s3://bucket/prefix.`)
      return value
    },
  }
  return reader
}

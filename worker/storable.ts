import type { Json } from '../src/report-type/define.ts'

/** Text as every database stores it: no NUL, no half of a surrogate pair. One such character would refuse a whole statement. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd')
}

/** The same for all texts of a JSON value; what JSON can't say (NaN, undefined, dates) becomes what JSON.stringify makes of it. */
export function storableJson(value: unknown): Json {
  const text = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return String(part)
    if (typeof part === 'string') return storableText(part)
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [storableText(key), inner]))
  })
  return text === undefined ? null : (JSON.parse(text) as Json)
}

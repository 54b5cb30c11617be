import type { Json, Parameter } from './define.ts'
import { hint } from './names.ts'
import type { ReportType } from './report-type.ts'

/** Longest name with its endings, in bytes of UTF-8: file systems stop at 255, and people add " (1)". */
const LONGEST = 150
const BRACES = /\{([^{}]*)\}/g

export interface FileNameFacts {
  /** The format's ending, "csv". */
  readonly extension: string
  /** The compression's, "gz"; empty or left out: none. */
  readonly compression?: string
  /** What {date} stands for: the day of the request in the report's time zone, "2026-11-21". */
  readonly date: string
}

/** "sales-2026-10-01-2026-10-31.csv.gz": the type's pattern, filled in and safe on every system and in every header. */
export function fileNameOf(
  type: Pick<ReportType, 'name' | 'fileName'>,
  resolved: { readonly [name: string]: Json },
  facts: FileNameFacts,
): string {
  const filled = type.fileName.replace(BRACES, (_, name: string) =>
    shown(name === 'date' ? facts.date : (resolved[name] ?? 'all')),
  )
  const endings = `.${facts.extension}${facts.compression ? `.${facts.compression}` : ''}`
  return cut(safe(filled) || type.name, LONGEST - Buffer.byteLength(endings)) + endings
}

/** Faults of a pattern: braces that name no parameter, and what would not be a file's name. */
export function checkFileName(pattern: string, parameters: readonly Parameter[], fault: (text: string) => void): void {
  const known = ['date', ...parameters.map(({ name }) => name)]
  for (const [, name] of pattern.matchAll(BRACES)) {
    if (!known.includes(name!)) fault(`file_name: {${name}} is no parameter.${hint(name!, known)}`)
  }
  const rest = pattern.replace(BRACES, 'x')
  if (/[{}]/.test(rest)) fault('file_name: a brace is not closed.')
  if (safe(rest) !== rest)
    fault(`file_name: "${pattern}" has characters that a file's name can't have; write e.g. "sales-{date}".`)
}

function shown(value: Json): string {
  if (Array.isArray(value)) return value.map(shown).join('_')
  return typeof value === 'object' ? 'all' : String(value).replaceAll(':', '')
}

/** Path separators, characters that Windows or a shell minds, controls and bidirectional overrides become one "-"; no leading dot. */
function safe(text: string): string {
  return text
    .replace(/[\\/:*?"<>|\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, '-')
    .replace(/^[\s.-]+|[\s.]+$/g, '')
}

/** Never inside a character. */
function cut(text: string, bytes: number): string {
  let kept = ''
  let left = bytes
  for (const character of text) {
    left -= Buffer.byteLength(character)
    if (left < 0) break
    kept += character
  }
  return kept
}

import type { Json } from '../report-type/define.ts'
import type { ReportType } from '../report-type/report-type.ts'

/** Longest title, in characters. */
export const LONGEST_TITLE = 200
const DAY = /^\d{4}-\d{2}-\d{2}/

/** What a person recognises in a list: the type's title, and the period or the first telling values of the request. */
export function defaultTitle(
  type: Pick<ReportType, 'title' | 'parameters'>,
  resolved: { readonly [name: string]: Json },
): string {
  const dates: string[] = []
  const words: string[] = []
  for (const { name, type: kind, default: preset } of type.parameters) {
    const value = resolved[name]
    // What everybody gets tells nothing, and a bare number little.
    if (preset !== undefined && String(value) === String(preset)) continue
    if (typeof value === 'string' && DAY.test(value)) dates.push(value.slice(0, 10))
    else if (kind !== 'String') continue
    else if (typeof value === 'string' && value !== '') words.push(value)
    else if (Array.isArray(value) && value.length > 0) words.push(value.join(', '))
  }
  const period = dates.length > 1 ? `${dates[0]} to ${dates.at(-1)}` : dates[0]
  const title = [type.title, ...(period ? [period] : []), ...words.slice(0, 2)].join(' · ')
  if (title.length <= LONGEST_TITLE) return title
  // Half of a character that takes two places is no text, and no database stores it.
  return `${title.slice(0, LONGEST_TITLE - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}

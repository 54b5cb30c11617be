import type { AskedBeforeQuery } from '../generated/graphql.ts'
import { firstOutput, type Output } from './output.ts'
import { draftsOf, type AskedType, type Drafts } from './values.ts'

export type Before = NonNullable<AskedBeforeQuery['report']>

/** What the form begins with: nothing but the defaults, or what was asked for once. The title is the one that fits the new dates. */
export function beginning(
  type: AskedType,
  before: Before | null,
  here: string,
): { values: Drafts; output: Output; timeZone: string } {
  const [first] = type.formats
  const output = firstOutput(
    before ?? (first === undefined ? {} : { format: type.formats.includes('CSV') ? 'CSV' : first }),
  )
  return {
    values: draftsOf(type.parameters, before?.parameters),
    // A type may have lost a format since.
    output: type.formats.includes(output.format) || first === undefined ? output : { ...output, format: first },
    timeZone: before?.timeZone ?? here,
  }
}

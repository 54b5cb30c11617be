import type { ProgressFactsFragment } from './generated/graphql.ts'

/** 1,234,567 on every machine. */
export const numbers = new Intl.NumberFormat('en-US')

/** What stands behind the bar: rows so far, of how many, and the seconds left where they are known. */
export function factsOf({ stage, rowsWritten, rowsTotal, etaSeconds }: ProgressFactsFragment): string {
  const total = rowsTotal == null ? '' : ` of ${numbers.format(rowsTotal)}`
  const left = etaSeconds == null || etaSeconds === 0 ? '' : `, ${etaSeconds} s left`
  return `${stage.toLowerCase()}: ${numbers.format(rowsWritten)}${total} rows${left}`
}

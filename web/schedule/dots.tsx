import { addressOf } from '../address.ts'
import { count, instant } from '../parts/figures.ts'
import type { SlotFactsFragment } from '../generated/graphql.ts'
import { markOf, stripOf } from './outcome.ts'

const MOST = 14

/** What became of the last slots, newest right; each with its name, and the way to its report. */
export function Dots({ slots, title }: { slots: readonly SlotFactsFragment[]; title: string }) {
  if (slots.length === 0) return <span class="help">No slot has come yet</span>
  return (
    <ol class="dots" aria-label={`Last outcomes of ${title}, newest last`}>
      {stripOf(slots, MOST).map((slot) => (
        <li key={slot.scheduledFor}>
          <Dot slot={slot} />
        </li>
      ))}
    </ol>
  )
}

export function Dot({ slot }: { slot: SlotFactsFragment }) {
  const { tone, shape, letter } = markOf(slot)
  const name = dotName(slot)
  const look = `dot dot-${shape} dot-${tone}`
  return slot.report ? (
    <a class={look} href={addressOf(['reports', slot.report.id])} aria-label={name} title={name}>
      <span aria-hidden="true">{letter}</span>
    </a>
  ) : (
    <span class={look} role="img" aria-label={name} title={name}>
      <span aria-hidden="true">{letter}</span>
    </span>
  )
}

/** "22 Nov 2026, 09:00:00: Succeeded, 1,234 rows" */
function dotName(slot: SlotFactsFragment): string {
  const rows = slot.report?.document && `${count(slot.report.document.rowCount)} rows`
  const why = slot.reason ?? slot.report?.failure?.message
  const until = slot.until === null ? '' : ` to ${instant(slot.until)}`
  return `${instant(slot.scheduledFor)}${until}: ${[markOf(slot).words, rows, why].filter(Boolean).join(', ')}`
}

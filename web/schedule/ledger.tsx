import { addressOf } from '../address.ts'
import type { SlotFactsFragment } from '../generated/graphql.ts'
import { count } from '../parts/figures.ts'
import { Dot } from './dots.tsx'
import { markOf } from './outcome.ts'
import { When } from './when.tsx'

interface Props {
  slots: readonly SlotFactsFragment[]
  zone: string
  more: boolean
  readMore: () => void
}

/** Each slot that has come, newest first, and what became of it. */
export function Ledger({ slots, zone, more, readMore }: Props) {
  if (slots.length === 0) return <p class="help">None has come yet.</p>
  return (
    <>
      <div class="scroll-x" tabIndex={0} role="region" aria-label="Slots">
        <table class="plain-table ledger">
          <thead>
            <tr>
              <th scope="col">Slot</th>
              <th scope="col">What became of it</th>
              <th scope="col">Report</th>
            </tr>
          </thead>
          <tbody>
            {slots.map((slot) => (
              <Row key={`${slot.scheduledFor} ${slot.outcome}`} slot={slot} zone={zone} />
            ))}
          </tbody>
        </table>
      </div>
      {more && (
        <p class="more">
          <button type="button" onClick={readMore}>
            Show more
          </button>
        </p>
      )}
    </>
  )
}

function Row({ slot, zone }: { slot: SlotFactsFragment; zone: string }) {
  const { scheduledFor, until, reason, report } = slot
  const why = reason ?? report?.failure?.message
  return (
    <tr>
      <td>
        <When at={scheduledFor} zone={zone} />
        {until !== null && (
          <>
            <span class="help">to</span>
            <When at={until} zone={zone} />
          </>
        )}
      </td>
      <td>
        <div class="ledger-outcome">
          <Dot slot={slot} />
          <span>
            {markOf(slot).words}
            {why && <span class="help">{why}</span>}
          </span>
        </div>
      </td>
      <td>
        {report && (
          <a href={addressOf(['reports', report.id])}>
            {report.document ? `${count(report.document.rowCount)} rows` : 'Open'}
          </a>
        )}
      </td>
    </tr>
  )
}

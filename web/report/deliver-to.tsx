import { useId, useState } from 'preact/hooks'
import { asFailure } from '../api/failure.ts'
import { below, elsewhere, fieldErrors, type FieldError } from '../ask/errors.ts'
import { DeliveriesField } from '../delivery/deliveries-field.tsx'
import { deliveriesOf, type DeliveryDraft } from '../delivery/drafts.ts'
import { DeliverReportDocument } from '../generated/graphql.ts'
import { Notice } from '../parts/notice.tsx'
import { useSigned } from '../session/viewer.tsx'

/** A finished document to further places. */
export function DeliverTo({ id, look }: { id: string; look: () => void }) {
  const { connection } = useSigned()
  const [drafts, setDrafts] = useState<readonly DeliveryDraft[]>([])
  const [errors, setErrors] = useState<readonly FieldError[]>([])
  const [refused, setRefused] = useState<readonly string[]>([])
  const [busy, setBusy] = useState(false)
  const name = useId()

  async function deliver(): Promise<void> {
    setBusy(true)
    try {
      const { deliverReport } = await connection.ask(DeliverReportDocument, { id, deliveries: deliveriesOf(drafts) })
      const found = fieldErrors(deliverReport.userErrors)
      setErrors(below(found, 'deliveries'))
      setRefused(elsewhere(found, ['deliveries']))
      if (found.length === 0) setDrafts([])
    } catch (error) {
      // Whether it was begun is seen below: a second sending would deliver twice.
      setRefused([asFailure(error).message])
    }
    setBusy(false)
    look()
  }

  return (
    <details class="deliver-to">
      <summary id={name}>Deliver it to…</summary>
      <form
        aria-labelledby={name}
        onSubmit={(event) => {
          event.preventDefault()
          if (!busy && drafts.length > 0) void deliver()
        }}
      >
        {refused.length > 0 && <Notice wrong>{refused.join(' ')}</Notice>}
        <DeliveriesField
          value={drafts}
          onChange={(next) => {
            setDrafts(next)
            // They stand by number: another change makes them somebody else's.
            setErrors([])
          }}
          errors={errors}
        />
        {drafts.length > 0 && (
          <button type="submit" class="primary" aria-busy={busy} aria-disabled={busy}>
            Deliver
          </button>
        )}
      </form>
    </details>
  )
}

import { useMemo, useState } from 'preact/hooks'
import type { DeliveryFactsFragment, WholeReportFragment } from '../generated/graphql.ts'
import { BusyButton } from '../parts/busy-button.tsx'
import { Notice } from '../parts/notice.tsx'
import { sentence } from '../parts/status.tsx'
import { Age, Moment } from '../parts/time.tsx'
import { useMay, useSigned } from '../session/viewer.tsx'
import { DeliverTo } from './deliver-to.tsx'
import { createVerbs, type Refused } from './verbs.ts'

/** Where its outcome goes, and whether it has arrived. */
export function Deliveries({ report, look }: { report: WholeReportFragment; look: () => void }) {
  const { connection } = useSigned()
  const manages = useMay().manage(report.requestedBy.id)
  const verbs = useMemo(() => createVerbs(connection), [connection])
  const [busy, setBusy] = useState<string | null>(null)
  const [refused, setRefused] = useState<Refused>(null)
  async function retry(id: string): Promise<void> {
    setBusy(id)
    setRefused(await verbs.retryDelivery(id))
    setBusy(null)
    look()
  }

  const deliverable = manages && report.status === 'SUCCEEDED'
  if (report.deliveries.length === 0 && !deliverable) return null
  return (
    <section>
      <h2>Deliveries</h2>
      {refused !== null && <Notice wrong>{refused}</Notice>}
      <ul class="entries">
        {report.deliveries.map((delivery) => (
          <li key={delivery.id}>
            <p class="handover">
              <strong>{sentence(delivery.channel)}</strong> <span class="target">{delivery.target}</span>
              <DeliveryStatus status={delivery.status} />
              {manages && delivery.status === 'FAILED' && (
                <BusyButton
                  kind="small"
                  busy={busy === delivery.id}
                  waits={busy !== null}
                  onClick={() => void retry(delivery.id)}
                >
                  Try again<span class="hidden"> to deliver to {delivery.target}</span>
                </BusyButton>
              )}
            </p>
            <Tries delivery={delivery} />
            {delivery.lastError !== null && <p class="said">{delivery.lastError}</p>}
          </li>
        ))}
      </ul>
      {deliverable && <DeliverTo id={report.id} look={look} />}
    </section>
  )
}

function Tries({
  delivery: { status, attempts, lastAttemptAt, nextAttemptAt, deliveredAt },
}: {
  delivery: DeliveryFactsFragment
}) {
  const tries = attempts === 0 ? 'Not tried yet' : attempts === 1 ? '1 try' : `${attempts} tries`
  return (
    <p class="help">
      {tries}
      {deliveredAt !== null ? (
        <>
          , arrived <Moment at={deliveredAt} />
        </>
      ) : (
        lastAttemptAt !== null && (
          <>
            , the last one <Age at={lastAttemptAt} />
          </>
        )
      )}
      {status === 'PENDING' &&
        (nextAttemptAt !== null ? (
          <>
            , the next one <Age at={nextAttemptAt} />
          </>
        ) : (
          ', being tried'
        ))}
    </p>
  )
}

const WORDS: Readonly<Record<string, { words: string; look: string }>> = {
  PENDING: { words: 'On its way', look: 'queued' },
  SUCCEEDED: { words: 'Delivered', look: 'succeeded' },
  FAILED: { words: 'Failed', look: 'failed' },
}

function DeliveryStatus({ status }: { status: string }) {
  const { words, look } = WORDS[status] ?? { words: sentence(status), look: 'canceled' }
  return <span class={`status status-${look}`}>{words}</span>
}

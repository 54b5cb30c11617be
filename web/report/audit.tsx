import { useEffect, useState } from 'preact/hooks'
import { createStore, useStore } from '../api/store.ts'
import { Notice } from '../parts/notice.tsx'
import { Moment } from '../parts/time.tsx'
import { useSigned } from '../session/viewer.tsx'
import { createLiveAudit, type Audited, type LiveAudit } from './live-audit.ts'
import { deedWords, detailWords } from './words.ts'

/** What people did with it. `readings`: it is looked at again whenever the report was. */
export function Audit({ id, readings, look }: { id: string; readings: number; look: () => void }) {
  const { connection } = useSigned()
  const [audit, setAudit] = useState<LiveAudit | null>(null)
  useEffect(() => {
    const made = createLiveAudit(connection, id)
    setAudit(made)
    return made.close
  }, [connection, id])
  useEffect(() => audit?.look(), [audit, readings])
  const { entries, more, failure } = useStore(audit?.audited ?? NOTHING)

  return (
    <section>
      <h2>Events</h2>
      {failure && <Notice wrong>{failure.message}</Notice>}
      <ol class="entries events">
        {entries.map(({ kind, at, by, detail }, index) => (
          <li key={index}>
            <Moment at={at} />
            <span>
              {by?.name ?? 'Broadsheet'} {deedWords(kind)} <span class="help">{detailWords(detail)}</span>
            </span>
          </li>
        ))}
      </ol>
      <p class="actions">
        {more && (
          <button type="button" class="small" onClick={() => audit?.readMore()}>
            Show more
          </button>
        )}
        <button type="button" class="small" onClick={look}>
          Look again
        </button>
        <span class="help">Downloads, and deliveries that are being tried, show when you look again.</span>
      </p>
    </section>
  )
}

const NOTHING = createStore<Audited>({ entries: [], more: false, failure: null })

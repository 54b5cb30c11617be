import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { addressOf, go, useAddress } from '../address.ts'
import type { ReportStatus, WholeReportFragment } from '../generated/graphql.ts'
import { BusyButton } from '../parts/busy-button.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { bytes } from '../parts/figures.ts'
import { Notice } from '../parts/notice.tsx'
import { useMay, useSigned } from '../session/viewer.tsx'
import { download } from './download.ts'
import { createVerbs, type Refused } from './verbs.ts'
import { allowedBy } from './words.ts'

interface Doing {
  report: WholeReportFragment
  /** Newer than the report's own. */
  status: ReportStatus
  look: () => void
  close: () => void
  /** Gives the focus to the heading: the button that had it may be gone. */
  focus: () => void
}

/** What can be done with it, by this viewer, as it stands. */
export function Actions({ report, status, look, close, focus }: Doing) {
  const { connection } = useSigned()
  const may = useMay()
  const { search } = useAddress()
  const verbs = useMemo(() => createVerbs(connection), [connection])
  const [busy, setBusy] = useState<string | null>(null)
  const [refused, setRefused] = useState<Refused>(null)
  const [deleting, setDeleting] = useState(false)
  const acted = useRef(false)
  /** Whoever has gone on by the time of the answer is not led away from there. */
  const left = useRef(false)
  useEffect(() => () => void (left.current = true), [])
  const { id, type, document } = report

  useLayoutEffect(() => {
    if (acted.current && globalThis.document.activeElement === globalThis.document.body) focus()
  }, [status, busy])

  async function act(name: string, deed: () => Promise<Refused>): Promise<boolean> {
    acted.current = true
    setBusy(name)
    setRefused(null)
    const why = await deed()
    setBusy(null)
    setRefused(why)
    return why === null
  }
  const verb = (name: string, deed: () => Promise<Refused>) => void act(name, deed).then(look)
  const button = (name: string, words: string, onClick: () => void, kind?: 'primary' | 'danger') => (
    <BusyButton key={name} busy={busy === name} waits={busy !== null} {...(kind && { kind })} onClick={onClick}>
      {words}
    </BusyButton>
  )

  const manages = may.manage(report.requestedBy.id)
  const allowed = allowedBy(status)
  const askable = type.available && type.viewerCanRequest
  const delivering = report.deliveries.some((delivery) => delivery.status === 'PENDING')
  const regenerate = () =>
    verb('regenerate', () => verbs.regenerate(id, (newId) => left.current || go(addressOf(['reports', newId], search))))
  const remove = () =>
    void act('delete', () => verbs.delete(id)).then((done) => {
      if (!done) setDeleting(false)
      else if (!left.current) close()
    })

  const fromThis = new URLSearchParams({ from: id })
  const buttons = [
    document &&
      button(
        'download',
        `Download ${bytes(document.byteSize)}`,
        () => verb('download', () => download(connection, id)),
        'primary',
      ),
    manages && allowed.cancel && button('cancel', 'Cancel', () => verb('cancel', () => verbs.cancel(id))),
    manages && allowed.retry && button('retry', 'Retry', () => verb('retry', () => verbs.retry(id)), 'primary'),
    manages && allowed.regenerate && askable && button('regenerate', 'Regenerate', regenerate),
    askable && may.ask && (
      <a key="again" class="button" href={addressOf(['ask', type.name], fromThis)}>
        Again with changes
      </a>
    ),
    askable && may.plan && (
      <a key="plan" class="button" href={addressOf(['schedules', 'new'], fromThis)}>
        Make a schedule
      </a>
    ),
    manages && allowed.delete && !delivering && button('delete', 'Delete', () => setDeleting(true), 'danger'),
  ].filter(Boolean)

  return (
    <>
      {buttons.length > 0 && <div class="actions">{buttons}</div>}
      {refused !== null && <Notice wrong>{refused}</Notice>}
      {manages && allowed.regenerate && !type.available && (
        <p class="help">
          It can’t be asked for again for now: {type.unavailableReason ?? 'its type is not available.'}
        </p>
      )}
      {manages && allowed.delete && delivering && <p class="help">It can be deleted when its deliveries have ended.</p>}
      {deleting && (
        <Confirm
          title="Delete this report?"
          yes="Delete it"
          busy={busy === 'delete'}
          onYes={remove}
          onNo={() => setDeleting(false)}
        >
          <p>
            “{report.title}” {document ? 'and its document are' : 'is'} removed for everybody. This can’t be taken back.
          </p>
        </Confirm>
      )}
    </>
  )
}

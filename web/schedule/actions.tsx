import { useEffect, useRef, useState } from 'preact/hooks'
import { addressOf, go } from '../address.ts'
import { asFailure } from '../api/failure.ts'
import { createIntent, persistently } from '../api/intent.ts'
import {
  DeleteScheduleDocument,
  PauseScheduleDocument,
  ResumeScheduleDocument,
  RunScheduleNowDocument,
} from '../generated/graphql.ts'
import { BusyButton } from '../parts/busy-button.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Notice } from '../parts/notice.tsx'
import { useMay, useSigned } from '../session/viewer.tsx'

interface Props {
  schedule: { readonly id: string; readonly title: string; readonly paused: boolean }
  /** After it was deleted. */
  gone?: () => void
}

interface Payload {
  readonly userErrors: readonly { readonly message: string }[]
}
type Deed = 'run' | 'turn' | 'delete'

/** What can be done with a schedule. Whoever sees one may do all of it, if their token goes so far. */
export function Actions({ schedule: { id, title, paused }, gone }: Props) {
  const { connection } = useSigned()
  const may = useMay()
  const [wrong, setWrong] = useState<string | null>(null)
  const [busy, setBusy] = useState<Deed | null>(null)
  const [deleting, setDeleting] = useState(false)
  const intent = useRef(createIntent())
  const left = useRef(false)
  useEffect(() => () => void (left.current = true), [])
  if (!may.plan) return null

  /** Null: it was refused, or nobody answered; why is told beside the buttons. */
  async function act<Answer extends Payload>(deed: Deed, asked: Promise<Answer>): Promise<Answer | null> {
    setBusy(deed)
    setWrong(null)
    try {
      const answer = await asked
      if (answer.userErrors.length === 0) return answer
      setWrong(answer.userErrors.map(({ message }) => message).join(' '))
    } catch (error) {
      setWrong(asFailure(error).message)
    } finally {
      setBusy(null)
      setDeleting(false)
    }
    return null
  }

  async function run() {
    const idempotencyKey = intent.current.keyOf(id)
    const done = await act(
      'run',
      persistently(
        () => connection.ask(RunScheduleNowDocument, { id, idempotencyKey }).then((asked) => asked.runScheduleNow),
        () => left.current,
      ),
    )
    if (!done) return
    intent.current.over()
    if (done.report && !left.current) go(addressOf(['reports', done.report.id]))
  }
  const turn = () =>
    act(
      'turn',
      paused
        ? connection.ask(ResumeScheduleDocument, { id }).then((asked) => asked.resumeSchedule)
        : connection.ask(PauseScheduleDocument, { id }).then((asked) => asked.pauseSchedule),
    )
  async function remove() {
    const done = await act(
      'delete',
      connection.ask(DeleteScheduleDocument, { id }).then((asked) => asked.deleteSchedule),
    )
    if (done) gone?.()
  }

  const waits = busy !== null
  return (
    <div class="plan-actions" role="group" aria-label={`What to do with ${title}`}>
      <BusyButton kind="small" busy={busy === 'run'} waits={waits} onClick={() => void run()}>
        Run now
      </BusyButton>
      <BusyButton kind="small" busy={busy === 'turn'} waits={waits} onClick={() => void turn()}>
        {paused ? 'Resume' : 'Pause'}
      </BusyButton>
      <a class="button small" href={addressOf(['schedules', id, 'edit'])}>
        Edit
      </a>
      <BusyButton kind="small" busy={busy === 'delete'} waits={waits} onClick={() => setDeleting(true)}>
        Delete
      </BusyButton>
      {wrong !== null && <Notice wrong>{wrong}</Notice>}
      {deleting && (
        <Confirm
          title={`Delete “${title}”?`}
          yes="Delete it"
          busy={busy === 'delete'}
          onYes={() => void remove()}
          onNo={() => setDeleting(false)}
        >
          <p>
            It asks for no more reports, and its list of slots goes with it. Its reports stay, and one that runs goes
            on.
          </p>
        </Confirm>
      )}
    </div>
  )
}

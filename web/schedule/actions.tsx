import { useEffect, useRef, useState } from 'preact/hooks'
import { addressOf, go } from '../address.ts'
import { Failure } from '../api/failure.ts'
import { createIntent, persistently } from '../api/intent.ts'
import {
  DeleteScheduleDocument,
  PauseScheduleDocument,
  ResumeScheduleDocument,
  RunScheduleNowDocument,
} from '../generated/graphql.ts'
import { Notice } from '../parts/notice.tsx'
import { useMay, useSigned } from '../session/viewer.tsx'

interface Props {
  schedule: { readonly id: string; readonly title: string; readonly paused: boolean }
  /** After it was deleted. */
  gone?: () => void
}

interface Refused {
  readonly userErrors: readonly { readonly message: string }[]
}

/** What can be done with a schedule. Whoever sees one may do all of it, if their token goes so far. */
export function Actions({ schedule: { id, title, paused }, gone }: Props) {
  const { connection } = useSigned()
  const may = useMay()
  const [wrong, setWrong] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const intent = useRef(createIntent())
  const left = useRef(false)
  useEffect(() => () => void (left.current = true), [])
  if (!may.plan) return null

  async function act<Answer extends Refused>(asked: Promise<Answer>): Promise<Answer | null> {
    setBusy(true)
    setWrong(null)
    try {
      const answer = await asked
      const [first] = answer.userErrors
      if (first) setWrong(first.message)
      return first ? null : answer
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      setWrong(error.message)
      return null
    } finally {
      setBusy(false)
    }
  }

  async function run() {
    const idempotencyKey = intent.current.keyOf(id)
    const done = await act(
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
      paused
        ? connection.ask(ResumeScheduleDocument, { id }).then((asked) => asked.resumeSchedule)
        : connection.ask(PauseScheduleDocument, { id }).then((asked) => asked.pauseSchedule),
    )
  async function remove() {
    if (await act(connection.ask(DeleteScheduleDocument, { id }).then((asked) => asked.deleteSchedule))) gone?.()
  }

  return (
    <div class="plan-actions" role="group" aria-label={`What to do with ${title}`} aria-busy={busy}>
      <button type="button" disabled={busy} onClick={() => void run()}>
        Run now
      </button>
      <button type="button" disabled={busy} onClick={() => void turn()}>
        {paused ? 'Resume' : 'Pause'}
      </button>
      <a class="button" href={addressOf(['schedules', id, 'edit'])}>
        Edit
      </a>
      <Delete title={title} busy={busy} remove={remove} />
      {wrong !== null && <Notice wrong>{wrong}</Notice>}
    </div>
  )
}

function Delete({ title, busy, remove }: { title: string; busy: boolean; remove: () => Promise<void> }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const close = () => dialog.current?.close()
  return (
    <>
      <button type="button" class="danger" disabled={busy} onClick={() => dialog.current?.showModal()}>
        Delete
      </button>
      <dialog ref={dialog} class="sure" aria-label={`Delete ${title}`}>
        <h2>Delete “{title}”?</h2>
        <p>
          It asks for no more reports, and its list of slots goes with it. Its reports stay, and one that runs goes on.
        </p>
        <p class="actions">
          {/* First, so that it has the focus: Enter harms nothing. */}
          <button type="button" onClick={close}>
            Keep it
          </button>
          <button
            type="button"
            class="danger"
            onClick={() => {
              close()
              void remove()
            }}
          >
            Delete it
          </button>
        </p>
      </dialog>
    </>
  )
}

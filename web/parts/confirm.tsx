import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

interface Question {
  title: string
  /** What is done when the answer is yes, as a verb. */
  yes: string
  busy: boolean
  onYes: () => void
  onNo: () => void
  children: ComponentChildren
}

/** Asks before something that can't be taken back. Escape, and what has the focus first, is no. */
export function Confirm({ title, yes, busy, onYes, onNo, children }: Question) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    return () => shown?.close()
  }, [])

  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onClose={onNo}>
      <h2 id="confirm-title">{title}</h2>
      {children}
      <div class="actions">
        <button type="button" onClick={onNo}>
          Keep it
        </button>
        <button type="button" class="danger" aria-busy={busy} aria-disabled={busy} onClick={() => !busy && onYes()}>
          {yes}
        </button>
      </div>
    </dialog>
  )
}

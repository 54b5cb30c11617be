import type { ComponentChildren } from 'preact'

interface Busy {
  /** What it does is under way. */
  busy: boolean
  /** Something else is: not now. */
  waits?: boolean
  kind?: 'primary' | 'danger' | 'small'
  onClick: () => void
  children: ComponentChildren
}

/** A button for what takes a moment. It is never really disabled: that would throw the focus away. */
export function BusyButton({ busy, waits = busy, kind, onClick, children }: Busy) {
  return (
    <button
      type="button"
      class={kind}
      aria-busy={busy}
      aria-disabled={busy || waits}
      onClick={() => {
        if (!busy && !waits) onClick()
      }}
    >
      {children}
    </button>
  )
}

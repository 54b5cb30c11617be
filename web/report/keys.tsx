import { useEffect, useRef } from 'preact/hooks'

/** `/` → what it does. Not while somebody writes, nor while a dialog is open; Escape also leaves a field. */
export function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const latest = useRef(keys)
  latest.current = keys
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const act = latest.current[event.key]
      if (!act || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return
      if (document.querySelector('dialog[open]')) return
      if (isWriting(event.target)) {
        if (event.key !== 'Escape' || event.isComposing) return
        // A field for searching would be emptied by it.
        event.preventDefault()
        return (event.target as HTMLElement).blur()
      }
      event.preventDefault()
      act()
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [])
}

const isWriting = (target: EventTarget | null) =>
  target instanceof Element && target.closest('input, select, textarea, [contenteditable]') !== null

const KEYS = [
  ['/', 'Search'],
  ['n', 'Ask for a report'],
  ['↑ ↓', 'Choose a report (also Page up, Page down, Home, End)'],
  ['Enter', 'Open it'],
  ['Esc', 'Close it'],
  ['?', 'Show these keys'],
] as const

/** What the keys do. */
export function KeysDialog({ asks, close }: { asks: boolean; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    return () => shown?.close()
  }, [])

  return (
    <dialog ref={dialog} class="keys" aria-labelledby="keys-title" onClose={close}>
      <h2 id="keys-title">Keys</h2>
      <dl class="facts">
        {KEYS.filter(([key]) => asks || key !== 'n').map(([key, does]) => (
          <div key={key} class="key-fact">
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={close}>
        Close
      </button>
    </dialog>
  )
}

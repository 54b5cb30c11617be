import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

/** How long the button says that it was done, in milliseconds. */
const SAID_FOR = 2_000

interface Copying {
  /** Made when it is wanted. */
  text: () => string
  /** For a screen reader, where the words do not say what is copied. */
  label?: string
  children: ComponentChildren
}

/** Copies a text. Where the browser refuses (a page without https), it is shown, chosen, to be copied by hand. */
export function CopyButton({ text, label, children }: Copying) {
  const [outcome, setOutcome] = useState<'copied' | 'refused' | null>(null)
  const field = useRef<HTMLTextAreaElement>(null)

  useEffect(() => {
    if (outcome === 'refused') field.current?.select()
    if (outcome !== 'copied') return
    const later = setTimeout(() => setOutcome(null), SAID_FOR)
    return () => clearTimeout(later)
  }, [outcome])

  const copy = () =>
    // Undefined on a page that is not secure, whatever its type says.
    (navigator.clipboard?.writeText(text()) ?? Promise.reject(new Error('no clipboard'))).then(
      () => setOutcome('copied'),
      () => setOutcome('refused'),
    )

  return (
    <>
      <button type="button" class="small" aria-label={label} onClick={() => void copy()}>
        {outcome === 'copied' ? 'Copied' : children}
      </button>
      <span class="hidden" role="status">
        {outcome === 'copied' && 'Copied'}
      </span>
      {outcome === 'refused' && (
        <textarea ref={field} class="by-hand" readOnly rows={6} aria-label="Copy this by hand" value={text()} />
      )}
    </>
  )
}

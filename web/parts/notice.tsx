import type { ComponentChildren } from 'preact'

/** What the reader has to know: `wrong` is read out at once, the rest when there is time. */
export function Notice({ wrong = false, children }: { wrong?: boolean; children: ComponentChildren }) {
  return (
    <p class={wrong ? 'notice notice-wrong' : 'notice'} role={wrong ? 'alert' : 'status'}>
      {children}
    </p>
  )
}

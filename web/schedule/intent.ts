import { useRef } from 'preact/hooks'

/**
 * One idempotency key for each thing that is wanted: the same input is sent again under the same key, as its first answer may
 * have been lost; another input is another wish.
 */
export function useIntent(): (input: unknown) => string {
  const last = useRef<{ text: string; key: string } | null>(null)
  return (input) => {
    const text = JSON.stringify(input)
    if (last.current?.text !== text) last.current = { text, key: crypto.randomUUID() }
    return last.current.key
  }
}

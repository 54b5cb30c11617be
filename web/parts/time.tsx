import { createStore, useStore } from '../api/store.ts'
import { instant, since } from './figures.ts'

/** The reader's clock, by the second: one timer, however many ages are shown, and none while nobody looks. */
const clock = createStore(Date.now())
setInterval(() => document.hidden || clock.set(Date.now()), 1_000)

export const useNow = (): number => useStore(clock)

/** A moment in the reader's zone, with UTC for who points at it. */
export function Moment({ at }: { at: string }) {
  return (
    <time dateTime={at} title={utc(at)}>
      {instant(at)}
    </time>
  )
}

/** How long ago, or how soon; the moment itself for who points at it. */
export function Age({ at }: { at: string }) {
  const now = useNow()
  return (
    <time dateTime={at} title={`${instant(at)} · ${utc(at)}`}>
      {since(at, now)}
    </time>
  )
}

const utc = (iso: string) => `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`

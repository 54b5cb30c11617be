import { isTerminal } from '../report/status.ts'
import type { ProgressEvent } from './event.ts'
import { createFloor } from './floor.ts'

/** What one reader has yet to read. Bounded whatever the reader does. */
export interface Mailbox<T> {
  /** The next item, as soon as there is one; undefined once closed and, unless closed at once, empty. One caller at a time. */
  take(): Promise<T | undefined>
  /** Nothing more comes. `at once` also drops what waits. */
  close(how?: 'at once'): void
  readonly closed: boolean
}

export interface ProgressMailbox extends Mailbox<ProgressEvent> {
  /** Takes the row as the first event: what came before it and is not newer is forgotten. */
  begin(row: ProgressEvent): void
  /** Puts a newer event in the place of the one that waits. A terminal one stays, and closes the box behind it. */
  offer(event: ProgressEvent): void
  readonly begun: boolean
  /** The highest sequence that was accepted; -1 before the first. */
  readonly newest: number
}

/**
 * Room for the row and one event: the latest by sequence. With `after`, events up to that sequence are left out, but never
 * a terminal one. What is told of one attempt never falls. Pure.
 */
export function createProgressMailbox(after = -1): ProgressMailbox {
  const hand = createHand(() => {
    const next = first ?? latest
    if (first) first = undefined
    else latest = undefined
    return next
  })
  let first: ProgressEvent | undefined
  let latest: ProgressEvent | undefined
  /** The highest sequence that was accepted: late news of an earlier epoch, though terminal, is no news. */
  let newest = -1
  let begun = false
  let closing = false
  const floor = createFloor()

  function accept(event: ProgressEvent): boolean {
    return isTerminal(event.status) || event.sequence > after
  }

  const box: ProgressMailbox = {
    begin(row) {
      if (begun || closing) return
      begun = true
      if (latest && latest.sequence <= row.sequence) latest = undefined
      newest = row.sequence
      const told = floor(row)
      if (accept(row)) first = told
      const early = latest
      latest = undefined
      if (isTerminal(row.status)) box.close()
      else if (early) box.offer(early)
      hand.look()
    },
    offer(event) {
      if (closing || event.sequence <= newest) return
      if (!begun) {
        if (!latest || event.sequence > latest.sequence) latest = event
        return
      }
      newest = event.sequence
      const told = floor(event)
      if (!accept(event)) return
      latest = told
      if (isTerminal(event.status)) box.close()
      hand.look()
    },
    take: () => (begun || closing ? hand.take() : hand.wait()),
    close(how) {
      closing = true
      if (how === 'at once' || !begun) first = latest = undefined
      hand.close()
    },
    get closed() {
      return closing
    },
    get begun() {
      return begun
    },
    get newest() {
      return newest
    },
  }
  return box
}

/** The one reader's outstretched hand: filled from `next`, now or at a later `look()`. */
export function createHand<T>(next: () => T | undefined): {
  take(): Promise<T | undefined>
  wait(): Promise<T | undefined>
  look(): void
  close(): void
} {
  let waiting: ((item: T | undefined) => void) | undefined
  let closed = false

  function wait(): Promise<T | undefined> {
    return new Promise((resolve) => (waiting = resolve))
  }
  function look(): void {
    if (!waiting) return
    const item = next()
    if (item === undefined && !closed) return
    const give = waiting
    waiting = undefined
    give(item)
  }
  return {
    wait,
    look,
    // Not async: to return wait() from there would cost three turns of the microtask queue for each item.
    take() {
      const item = next()
      return item !== undefined || closed ? Promise.resolve(item) : wait()
    },
    close() {
      closed = true
      look()
    },
  }
}

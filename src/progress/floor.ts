import type { ProgressEvent } from './event.ts'

/**
 * Keeps what one reader is told from falling: within an attempt, percent, rowsWritten and bytesWritten are at least what they
 * were before. A row is up to a second behind what was published, so an event made from it (a cancel by the API, above all)
 * may say less. Give it the events in their order; an event that says enough is answered as the very object. Pure.
 */
export function createFloor(): (event: ProgressEvent) => ProgressEvent {
  let before: ProgressEvent | undefined
  return (event) => {
    const same = before?.attempt === event.attempt ? before : undefined
    before = same ? raised(event, same) : event
    return before
  }
}

function raised(event: ProgressEvent, before: ProgressEvent): ProgressEvent {
  const rowsWritten = Math.max(event.rowsWritten, before.rowsWritten)
  const bytesWritten = Math.max(event.bytesWritten, before.bytesWritten)
  // QUEUED again: the attempt is over, and how far the next one will be nobody knows.
  const percent =
    event.status === 'QUEUED' || before.percent === null ? event.percent : Math.max(event.percent ?? 0, before.percent)
  const enough = rowsWritten === event.rowsWritten && bytesWritten === event.bytesWritten && percent === event.percent
  return enough ? event : { ...event, rowsWritten, bytesWritten, percent }
}

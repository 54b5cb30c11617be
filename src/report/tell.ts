import type { ChangeKind, ProgressEvent } from '../progress/event.ts'

/** Tells watchers, and workers of what is QUEUED, of a change; called after its commit. Never throws, never waits. */
export type Tell = (kind: ChangeKind, event: ProgressEvent) => void

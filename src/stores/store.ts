import type { Readable, Writable } from 'node:stream'

/** The contract of this shelf: where finished documents live. One file each; index.ts opens one by STORE_URL. */
export interface Store {
  /**
   * Starts a document that nobody can read yet. `key` is `<tenant>/<report>/<attempt>...`: never the same for two attempts,
   * so a frozen worker that comes back can't touch its successor's bytes. Throws ReportFailed STORAGE_FAILED
   * (retryable where a later try may succeed) when it can't be opened; the stream errors likewise.
   */
  write(key: string, signal: AbortSignal): Promise<PendingDocument>
  /** Bytes start..end inclusive (all, where left out). Rejects with NotFound when there is no such object. */
  read(key: string, range?: { start: number; end: number }): Promise<Readable>
  /** Null: there is none. */
  size(key: string): Promise<number | null>
  /** Removing what is not there is done. */
  remove(key: string): Promise<void>
  /** All keys below a prefix that were last touched before the given moment, pending ones included: for the sweep. */
  olderThan(prefix: string, before: Date): AsyncIterable<string>
  /** Resolves when the store answers and can be written; rejects with Unavailable (message without paths or hosts). For /readyz. */
  check(): Promise<void>
  /**
   * An address of the store's own at which anybody reads the bytes for so many seconds, for DOWNLOADS=redirect. A secret: never
   * logged. Absent where the store has none.
   */
  link?(key: string, shown: Shown, seconds: number): Promise<string>
  /** Where others that have a right of their own find it: s3://bucket/prefix/key. Absent where the store is no object store. */
  objectUrl?(key: string): string
  close(): Promise<void>
}

/** What the answer at such an address says, and to which request. */
export interface Shown {
  readonly method: 'GET' | 'HEAD'
  readonly contentType: string
  readonly contentDisposition: string
}

export interface PendingDocument {
  /** Bounded; ends with the bytes safe (fsync, or the upload's completion by promote). */
  readonly stream: Writable
  /** Makes it readable under its key, whole, in one step. Only after the stream has finished. */
  promote(): Promise<void>
  /** Removes what was written. Safe to call at any time, also after promote has failed. */
  discard(): Promise<void>
}

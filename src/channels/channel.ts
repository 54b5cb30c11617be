import type { Readable } from 'node:stream'
import type { CompressionName } from '../document/compression.ts'
import type { CsvDialect, Format } from '../formats/format.ts'
import type { Role, Viewer } from '../identity/viewer.ts'
import type { Column } from '../report-type/define.ts'

/** The contract of this shelf: ways out of the house for a report's outcome. One file each; index.ts lists them. */
export interface Channel<Input, Target> {
  /** As DeliveryChannel in the API. */
  readonly name: ChannelName
  /** Whether FAILED and CANCELED are news here, too. Where not, only a document is handed over. */
  readonly takesFailures: boolean
  /**
   * What a caller wrote, checked against what the operator allows, as it is kept in the database: JSON, without the secret,
   * which is kept encrypted beside it. Throws Refusal, its fields as paths below this channel's own input: ["to", "3"].
   */
  check(input: Input, asked: Asked): Checked<Target> | Promise<Checked<Target>>
  /**
   * Why documents of this form can't go here, null where they can: asked also when what stays as it is comes to get others. Left
   * out: any can.
   */
  faultOfForm?(form: DocumentForm): string | null
  /** For people: where it goes. Never the secret, no credentials of a URL, no query string. */
  describe(target: Target): string
  /**
   * What is slow, or dead, together: the host and port of a webhook, the bucket, the warehouse. One destination has a few tries at
   * once at most, and one that fails waits aside, so that it delays no other. Left out: the channel is one destination (a mail server).
   */
  destination?(target: Target): string
  /**
   * Whether the operator lets who asked reach the target still, by the role and the address that they have by now (null: none):
   * asked before each try, since the settings and who asked may have changed. Left out: whatever was let in is let out.
   */
  allows?(target: Target, role: Role, email: string | null): boolean
  /**
   * Hands over one outcome. Called again, with the same delivery id, after a failure or a crash in the middle: what a second
   * time does must be harmless, or tellable by that id. Rejects with DeliveryFailed; any other error is taken for a fault of
   * ours and tried again. Ends soon after the signal.
   */
  deliver(target: Target, handover: Handover): Promise<void>
  close(): Promise<void>
}

export type ChannelName = 'EMAIL' | 'WEBHOOK' | 'BUCKET' | 'WAREHOUSE'

/** Who asks for a delivery, and of what. */
export interface Asked extends DocumentForm {
  readonly viewer: Viewer
  /** The viewer's own address; null: there is none. */
  readonly email: string | null
}

/** What documents will be like. */
export interface DocumentForm {
  readonly format: Format['name']
  readonly compression: CompressionName
  readonly csvDialect: CsvDialect
}

export interface Checked<Target> {
  readonly target: Target
  readonly secret?: string
}

export interface Handover {
  /** The row's key, a uuid: the same at every try. What leaves the house names the API's id (src/api-id.ts). */
  readonly deliveryId: string
  readonly outcome: Outcome
  /** Null: the target has none. */
  readonly secret: string | null
  readonly signal: AbortSignal
}

/** What became of a report. */
export interface Outcome {
  /** The row's key, a uuid, as scheduleId below: each channel that names it outside makes the API's id of it. */
  readonly reportId: string
  readonly tenantId: string
  /** The file's own name. */
  readonly reportType: string
  readonly title: string
  readonly status: 'SUCCEEDED' | 'FAILED' | 'CANCELED'
  readonly scheduleId: string | null
  readonly scheduledFor: Date | null
  readonly requestedAt: Date
  readonly finishedAt: Date
  /** IANA; whose day a "{date}" names. */
  readonly timeZone: string
  /** Null unless FAILED. The message is safe to show. */
  readonly failure: { readonly code: string; readonly message: string } | null
  /** Null unless SUCCEEDED. */
  readonly document: OutcomeDocument | null
}

export interface OutcomeDocument {
  readonly fileName: string
  readonly contentType: string
  readonly rowCount: number
  readonly byteSize: number
  /** Hex. */
  readonly sha256: string
  readonly columns: readonly Column[]
  readonly format: Format['name']
  readonly compression: CompressionName
  readonly csvDialect: CsvDialect
  /** When its bytes are removed. */
  readonly expiresAt: Date | null
  /** Its bytes, from the start. Rejects with NotFound when they are gone. */
  open(): Promise<Readable>
  /**
   * Where it lies in an object store: "s3://bucket/prefix/key". Left out or null: the store is none. It is what
   * Store.objectUrl says: an Amazon Redshift fetches the bytes itself.
   */
  readonly objectUrl?: string | null
  /** A signed link to it, good until the document ends, at most seven days. */
  link(): string
}

/** One try did not arrive. The message is shown to the report's reader: no host's answer, no credentials, no path of ours. */
export class DeliveryFailed extends Error {
  /** Whether another try may succeed. False ends the delivery: the receiver will never take it. */
  readonly retryable: boolean
  constructor(message: string, more: { retryable: boolean; cause?: unknown }) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'DeliveryFailed'
    this.retryable = more.retryable
  }
}

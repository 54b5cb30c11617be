import { S3Client, type ServiceInputTypes, type ServiceOutputTypes } from '@aws-sdk/client-s3'
import type { Command } from '@smithy/types'
import type { ObjectStoreAccess } from '../config-aws.ts'
import { credentialsOf } from './credentials.ts'

/** Milliseconds: to connect, to answer once, and for one request with all its tries. */
const CONNECT_WITHIN = 5_000
const ANSWER_WITHIN = 30_000
const DONE_WITHIN = 100_000
/** Tries of one request, with pauses of the SDK between that double from 100 ms, jittered: some 3 s in all. */
const TRIES = 6
/** Connections to the store from one process: a slow reader of a download holds one. */
const CONNECTIONS = 512

/** Named as the SDK names its own. */
class NoAnswer extends Error {
  constructor() {
    super('The object store did not answer in time.')
    this.name = 'TimeoutError'
  }
}

/** Measures that a test may not have the time or the memory for. */
export interface Measures {
  /** Milliseconds for one try to be answered; half a minute unless told. */
  readonly answerWithin?: number
  /** Milliseconds for more of an answer's body to come; half a minute unless told. */
  readonly idleAfter?: number
  /** Bytes of a part; 8 MiB unless told. AWS takes no less than 5 MiB. */
  readonly partBytes?: number
}

export interface Bounds {
  signal?: AbortSignal
  /** Milliseconds for all tries together, up to the answer's headers. */
  within?: number
}

/** The one way to the object store. Every request is bounded, and ends at once with its signal. */
export interface Connection {
  readonly client: S3Client
  send<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    command: Command<ServiceInputTypes, I, ServiceOutputTypes, O, any>,
    bounds?: Bounds,
  ): Promise<O>
  close(): void
}

/** Makes no connection by itself. */
export function openConnection({ endpoint, aws }: ObjectStoreAccess, measures: Measures = {}): Connection {
  const client = new S3Client({
    // Stores of one's own mostly have one region by this name, and buckets in the path.
    region: aws.region ?? 'us-east-1',
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    credentials: credentialsOf(aws),
    maxAttempts: TRIES,
    retryMode: 'standard',
    // The request's signature holds its SHA-256 already; trailers with another sum are not understood everywhere.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_WITHIN,
      requestTimeout: measures.answerWithin ?? ANSWER_WITHIN,
      throwOnRequestTimeout: true,
      // A body may rest while its reader does: reading.ts watches that.
      socketTimeout: 0,
      httpAgent: { keepAlive: true, maxSockets: CONNECTIONS },
      httpsAgent: { keepAlive: true, maxSockets: CONNECTIONS },
    },
  })
  return {
    client,
    async send(command, { signal, within = DONE_WITHIN } = {}) {
      signal?.throwIfAborted()
      const stop = new AbortController()
      const stopped = Promise.withResolvers<never>()
      const end = (reason: unknown) => {
        stop.abort(reason)
        // The SDK looks at the signal between two tries only after its pause.
        stopped.reject(reason)
      }
      const late = setTimeout(() => end(new NoAnswer()), within)
      const onSignal = () => end(signal!.reason)
      signal?.addEventListener('abort', onSignal, { once: true })
      const answer = client.send(command, { abortSignal: stop.signal })
      try {
        return await Promise.race([answer, stopped.promise])
      } catch (error) {
        answer.catch(() => undefined) // told already
        throw stop.signal.aborted ? stop.signal.reason : error
      } finally {
        // Of an answer that has begun, its reader is the master.
        clearTimeout(late)
        signal?.removeEventListener('abort', onSignal)
      }
    },
    close: () => client.destroy(),
  }
}

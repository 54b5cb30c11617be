import { randomBytes } from 'node:crypto'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Database } from '../db/orm.ts'
import { createDigest } from '../document/digest.ts'
import { usableUploads } from '../identity/policy.ts'
import type { PendingDocument, Store } from '../stores/store.ts'
import { contentCheck } from './content-types.ts'
import type { PutFacts } from './links.ts'
import { uploadKey } from './upload-key.ts'
import { Upload } from './upload.entity.ts'

/** What became of the bytes; all but READY leave nothing in the store. */
export type Received =
  | 'READY'
  /** There is none such that takes bytes any more. */
  | 'GONE'
  /** Its bytes are here already. */
  | 'TAKEN'
  | 'WRONG_HEADERS'
  | 'WRONG_SIZE'
  /** Not what was said: final. */
  | 'REFUSED'

/** What comes is not the file that was announced. */
class WrongBytes extends Error {
  readonly received: 'WRONG_SIZE' | 'REFUSED'
  constructor(received: 'WRONG_SIZE' | 'REFUSED') {
    super(received)
    this.received = received
  }
}

/** Takes the bytes of uploads into the store. */
export function createReceiving({ database, store }: { database: Database; store: Store }) {
  /**
   * Streams the body into the store, whole or not at all: exactly as many bytes as were announced, of the type that was. Nothing
   * names them before the commit at the end; whoever dies before leaves bytes that the sweep removes. Several at once each write
   * under a key of their own, and the first to commit has it. Rejects where the body breaks off or the store fails: then it may
   * be tried again.
   */
  return async function receive(
    { uploadId, tenantId, issuer }: PutFacts,
    headers: { contentType: string | undefined; contentLength: string | undefined },
    body: AsyncIterable<Buffer>,
    signal: AbortSignal,
  ): Promise<Received> {
    const upload = await database.inTenant(tenantId, (em) =>
      em.findOne(
        Upload,
        { id: uploadId, ...usableUploads({ tenantId, userId: issuer }) },
        { disableIdentityMap: true },
      ),
    )
    if (!upload) return 'GONE'
    if (upload.status !== 'WAITING') return upload.status === 'READY' ? 'TAKEN' : 'GONE'
    if (headers.contentType?.split(';')[0]!.trim().toLowerCase() !== upload.contentType) return 'WRONG_HEADERS'
    if (headers.contentLength !== undefined && Number(headers.contentLength) !== upload.byteSize) return 'WRONG_SIZE'

    const key = uploadKey(upload, randomBytes(8).toString('hex'))
    const digest = createDigest()
    let pending: PendingDocument | undefined
    try {
      pending = await store.write(key, signal)
      await pipeline(body, checking(upload), digest.stream, pending.stream, { signal })
      await pending.promote()
      const settled = await settle(upload, `status = 'READY', key = ?, sha256 = ?`, [key, digest.facts().sha256])
      if (!settled) await pending.discard()
      return settled ? 'READY' : 'TAKEN'
    } catch (error) {
      await pending?.discard()
      if (!(error instanceof WrongBytes)) throw error
      if (error.received === 'REFUSED') {
        const { said } = contentCheck(upload.contentType)
        await settle(upload, `status = 'REFUSED', refusal = ?`, [`Its content is not ${said}.`])
      }
      return error.received
    }
  }

  /** False where another PUT, or the end of its time, was first. */
  async function settle({ id, tenantId }: Upload, set: string, values: readonly string[]): Promise<boolean> {
    const rows = await database.inTenant(tenantId, (em) =>
      em.execute<object[]>(
        `update broadsheet.upload set ${set} where id = ? and status = 'WAITING' returning 1 as settled`,
        [...values, id],
      ),
    )
    return rows.length > 0
  }
}

export type Receive = ReturnType<typeof createReceiving>

/** Passes on exactly the bytes that were announced, and fails where they are others. */
function checking({ byteSize, contentType }: Upload): Transform {
  const { check } = contentCheck(contentType)
  let seen = 0
  return new Transform({
    transform(chunk: Buffer, _, callback) {
      seen += chunk.length
      if (seen > byteSize) callback(new WrongBytes('WRONG_SIZE'))
      else if (!check.take(chunk)) callback(new WrongBytes('REFUSED'))
      else callback(null, chunk)
    },
    flush(callback) {
      if (seen !== byteSize) callback(new WrongBytes('WRONG_SIZE'))
      else callback(check.end() ? null : new WrongBytes('REFUSED'))
    },
  })
}

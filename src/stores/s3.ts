import { openBucket } from '../bucket/bucket.ts'
import type { Measures } from '../bucket/connection.ts'
import { isMissingObject } from '../bucket/failures.ts'
import type { ObjectStoreAccess } from '../config-aws.ts'
import { NotFound, Unavailable } from '../errors.ts'
import { checkedKey } from './key.ts'
import { storageFailed } from './storage-failed.ts'
import type { PendingDocument, Store } from './store.ts'

/**
 * Documents as objects of a bucket: `s3://bucket/prefix`, on AWS or any store that speaks S3. A pending document is a multipart
 * upload, which has no object before it is completed. Nothing is asked of the bucket here: it may be away while a process starts.
 */
export function openS3Store(url: string, access: ObjectStoreAccess, measures: Measures = {}): Store {
  const bucket = openBucket(url, access, measures)
  const unreadable = (error: unknown) => new Unavailable('The store can not be read.', error)

  async function write(key: string, signal: AbortSignal): Promise<PendingDocument> {
    checkedKey(key)
    signal.throwIfAborted()
    const upload = await bucket.write(key, { signal, eager: true, failed: storageFailed }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : storageFailed(error)
    })
    let promoted = false
    return {
      stream: upload.stream,
      async promote() {
        if (!upload.stream.writableFinished) throw new Error('A document is promoted before its stream has finished.')
        try {
          promoted = true
          await upload.complete()
        } catch (error) {
          throw storageFailed(error)
        }
      },
      async discard() {
        await upload.abort()
        if (promoted) await bucket.remove(key)
      },
    }
  }

  return {
    write,
    async read(key, range) {
      checkedKey(key)
      return bucket.read(key, range).catch((error: unknown) => {
        throw isMissingObject(error) ? new NotFound() : unreadable(error)
      })
    },
    async size(key) {
      checkedKey(key)
      return bucket.size(key).catch((error: unknown) => {
        throw unreadable(error)
      })
    },
    async remove(key) {
      checkedKey(key)
      await bucket.remove(key).catch((error: unknown) => {
        throw storageFailed(error)
      })
    },
    async *olderThan(prefix, before) {
      for await (const { key, at } of bucket.uploads(prefix)) if (at < before) yield key
      for await (const { key, at } of bucket.objects(prefix)) if (at < before) yield key
    },
    async check() {
      await bucket.check().catch((error: unknown) => {
        throw new Unavailable('The store can not be written.', error)
      })
    },
    objectUrl: (key) => bucket.objectUrl(checkedKey(key)),
    link: (key, shown, seconds) => bucket.sign(checkedKey(key), shown, seconds),
    close: async () => bucket.close(),
  }
}

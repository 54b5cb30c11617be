import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Readable } from 'node:stream'
import type { ObjectStoreAccess } from '../config-aws.ts'
import type { Shown } from '../stores/store.ts'
import { openConnection, type Measures } from './connection.ts'
import { isMissingObject, isMissingUpload } from './failures.ts'
import { readObject } from './reading.ts'
import { startUpload, type Upload, type UploadOptions } from './upload.ts'

/** What a readiness probe waits for, in milliseconds; and how long one write says that the next would work. */
const CHECK_WITHIN = 1_500
const WRITABLE_FOR = 30_000
/** Hidden from objects(). */
const PROBE = '.probe'

/**
 * The objects below one prefix of a bucket, `url` being s3://bucket/prefix; keys are relative to it. Connects to nothing yet. All
 * reject with the store's own errors (failures.ts). Imported only where an object store is used: the SDK is large.
 */
export function openBucket(url: string, access: ObjectStoreAccess, measures: Measures = {}) {
  const [bucket = '', ...folders] = url
    .slice('s3://'.length)
    .split('/')
    .filter((part) => part !== '')
  const prefix = folders.map((folder) => `${folder}/`).join('')
  const connection = openConnection(access, measures)
  const { send, client } = connection
  const at = (key: string) => ({ Bucket: bucket, Key: prefix + key })
  let writableUntil = 0

  async function size(key: string): Promise<number | null> {
    try {
      return (await send(new HeadObjectCommand(at(key)))).ContentLength ?? null
    } catch (error) {
      if (isMissingObject(error)) return null
      throw error
    }
  }

  /** Finished objects that begin so, with the moment of their last change; none that begins with a dot. */
  async function* objects(start: string): AsyncGenerator<{ key: string; at: Date }> {
    let token: string | undefined
    do {
      const page = await send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix + start, ContinuationToken: token }),
      )
      for (const { Key, LastModified } of page.Contents ?? []) {
        const key = Key!.slice(prefix.length)
        if (!key.startsWith('.') && LastModified) yield { key, at: LastModified }
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  /** Multipart uploads that begin so and have not ended, with the moment of their beginning. */
  async function* uploads(start: string): AsyncGenerator<{ key: string; id: string; at: Date }> {
    let [KeyMarker, UploadIdMarker]: (string | undefined)[] = []
    do {
      const page: ListMultipartUploadsCommandOutput = await send(
        new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix + start, KeyMarker, UploadIdMarker }),
      )
      for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
        if (UploadId !== undefined && Initiated) yield { key: Key!.slice(prefix.length), id: UploadId, at: Initiated }
      ;[KeyMarker, UploadIdMarker] = page.IsTruncated ? [page.NextKeyMarker, page.NextUploadIdMarker] : []
    } while (KeyMarker !== undefined)
  }

  async function abortUpload(key: string, id: string): Promise<void> {
    await send(new AbortMultipartUploadCommand({ ...at(key), UploadId: id })).catch((error: unknown) => {
      if (!isMissingUpload(error)) throw error
    })
  }

  return {
    write: (key: string, options: Omit<UploadOptions, 'bucket' | 'key' | 'partBytes'>): Promise<Upload> =>
      startUpload(connection, { ...options, bucket, key: prefix + key, partBytes: measures.partBytes }),
    read: (key: string, range?: { start: number; end: number }): Promise<Readable> =>
      readObject(connection, { bucket, key: prefix + key, range, idleAfter: measures.idleAfter }),
    size,
    objects,
    uploads,
    abortUpload,
    objectUrl: (key: string): string => `s3://${bucket}/${prefix}${key}`,

    /** The object, finished or not. What is not there is removed. */
    async remove(key: string): Promise<void> {
      for await (const upload of uploads(key)) if (upload.key === key) await abortUpload(key, upload.id)
      await send(new DeleteObjectCommand(at(key)))
    },

    /** Resolves when the bucket answers, and was written within the last half minute. */
    async check(): Promise<void> {
      const bounds = { within: CHECK_WITHIN }
      if (Date.now() < writableUntil) return void (await send(new HeadBucketCommand({ Bucket: bucket }), bounds))
      await send(new PutObjectCommand({ ...at(PROBE), Body: 'ok' }), bounds)
      writableUntil = Date.now() + WRITABLE_FOR
    },

    /** An address at which anybody reads the object for so many seconds. Signed here: no request is made. */
    sign(key: string, shown: Shown, seconds: number): Promise<string> {
      const input = {
        ...at(key),
        ResponseContentType: shown.contentType,
        ResponseContentDisposition: shown.contentDisposition,
        ResponseCacheControl: 'no-store',
      }
      // Two calls, because each command has a type of its own.
      return shown.method === 'HEAD'
        ? getSignedUrl(client, new HeadObjectCommand(input), { expiresIn: seconds })
        : getSignedUrl(client, new GetObjectCommand(input), { expiresIn: seconds })
    },

    close: connection.close,
  }
}

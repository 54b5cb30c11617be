import { pipeline } from 'node:stream/promises'
import { encodeId } from '../api-id.ts'
import type { openBucket } from '../bucket/bucket.ts'
import type { ObjectStoreAccess } from '../config-aws.ts'
import type { BucketReach } from '../config-reach.ts'
import { contentDisposition } from '../document/content-disposition.ts'
import { createDigest } from '../document/digest.ts'
import { Refusal, type UserError } from '../errors.ts'
import type { Log } from '../log.ts'
import { bucketFailed } from './bucket-failures.ts'
import { faultOfKey, keyOfOutcome } from './bucket-key.ts'
import { DeliveryFailed, type Channel, type Outcome, type OutcomeDocument } from './channel.ts'

export interface BucketInput {
  /** A name in BROADSHEET_BUCKETS. */
  readonly bucket: string
  readonly key: string
}
export type BucketTarget = BucketInput

/**
 * Uploads that a killed worker has left are looked for in a tenant's prefix before a delivery there, at most so often; no try
 * takes as long as an upload must be old. Milliseconds.
 */
const TIDY_EVERY = 3_600_000
const LEFT_AFTER = 24 * 3_600_000
/** Tenants that are remembered to be tidy, each a short text. */
const MOST_TIDY = 10_000

/**
 * Documents as objects in the operator's buckets, each tenant below a prefix of its own. The object appears whole and in one step,
 * and a second try puts the same bytes in its place.
 */
export function createBucket(deps: {
  buckets: Readonly<Record<string, BucketReach>>
  access: ObjectStoreAccess
  log: Log
}): Channel<BucketInput, BucketTarget> {
  const { buckets, access, log } = deps
  const opened = new Map<string, Promise<ReturnType<typeof openBucket>>>()
  const tidied = new Map<string, number>()

  function bucketNamed(name: string) {
    const reach = Object.hasOwn(buckets, name) ? buckets[name] : undefined
    if (!reach) throw new DeliveryFailed('The operator no longer has a bucket of this name.', { retryable: false })
    let bucket = opened.get(name)
    if (!bucket)
      opened.set(name, (bucket = import('../bucket/bucket.ts').then((it) => it.openBucket(reach.url, access))))
    return bucket
  }

  const allows = (name: string, role: string) => Object.hasOwn(buckets, name) && buckets[name]!.roles.includes(role)

  async function put(
    target: BucketTarget,
    outcome: Outcome,
    document: OutcomeDocument,
    id: string,
    signal: AbortSignal,
  ) {
    const bucket = await bucketNamed(target.bucket)
    await tidy(bucket, target.bucket, outcome.tenantId)
    const bytes = await document.open()
    try {
      const upload = await bucket.write(keyOfOutcome(target.key, outcome), {
        signal,
        eager: false,
        failed: bucketFailed,
        about: {
          ContentType: document.contentType,
          ContentDisposition: contentDisposition(document.fileName),
          Metadata: {
            'report-id': encodeId('Report', outcome.reportId),
            'delivery-id': encodeId('Delivery', id),
            sha256: document.sha256,
          },
        },
      })
      try {
        const digest = createDigest()
        await pipeline(bytes, digest.stream, upload.stream, { signal })
        if (digest.facts().sha256 !== document.sha256)
          throw new DeliveryFailed('The document did not come whole from the store.', { retryable: true })
        await upload.complete()
      } catch (error) {
        await upload
          .abort()
          .catch((left: unknown) => log.warn({ err: left }, 'an upload that nobody completes is left for a day'))
        throw error
      }
    } finally {
      bytes.destroy()
    }
  }

  /** What it can't do, it leaves: the delivery is what matters. */
  async function tidy(bucket: ReturnType<typeof openBucket>, name: string, tenantId: string): Promise<void> {
    const place = `${name}/${tenantId}`
    const now = Date.now()
    if (now - (tidied.get(place) ?? -Infinity) < TIDY_EVERY) return
    if (tidied.size >= MOST_TIDY) tidied.clear()
    tidied.set(place, now)
    try {
      for await (const { key, id, at } of bucket.uploads(`${tenantId}/`))
        if (at.getTime() < now - LEFT_AFTER) await bucket.abortUpload(key, id)
    } catch (error) {
      log.info({ err: error, bucket: name }, 'uploads that were left in a bucket could not be looked for')
    }
  }

  return {
    name: 'BUCKET',
    takesFailures: false,

    check({ bucket, key }, { viewer }) {
      const errors: UserError[] = []
      if (!allows(bucket, viewer.role))
        errors.push({ field: ['bucket'], message: 'There is no such bucket for you.', code: 'NOT_FOUND' })
      const fault = faultOfKey(key)
      if (fault !== null) errors.push({ field: ['key'], message: fault, code: 'INVALID' })
      if (errors.length > 0) throw new Refusal(errors)
      return { target: { bucket, key } }
    },

    describe: ({ bucket, key }) => `${bucket}: ${key}`,
    destination: ({ bucket }) => bucket,
    allows: ({ bucket }, role) => allows(bucket, role),

    async deliver(target, { deliveryId, outcome, signal }) {
      if (!outcome.document)
        throw new DeliveryFailed('There is no document to put into a bucket.', { retryable: false })
      try {
        signal.throwIfAborted()
        await put(target, outcome, outcome.document, deliveryId, signal)
      } catch (error) {
        throw signal.aborted ? signal.reason : bucketFailed(error)
      }
    },

    async close() {
      for (const bucket of opened.values()) (await bucket).close()
    },
  }
}

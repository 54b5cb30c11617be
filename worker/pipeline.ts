import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { compressionNamed } from '../src/document/compression.ts'
import { createDigest } from '../src/document/digest.ts'
import { formatNamed } from '../src/formats/index.ts'
import { fileNameOf } from '../src/report-type/file-name.ts'
import type { ReportType } from '../src/report-type/report-type.ts'
import type { Definition } from '../src/report-type/rows-report.ts'
import { durationMilliseconds } from '../src/schedule/duration.ts'
import type { Named, Sources } from '../src/sources/index.ts'
import type { PendingDocument, Store } from '../src/stores/store.ts'
import type { Finished, Order } from './attempt-messages.ts'
import type { Tally } from './counting.ts'
import { openRows } from './readings.ts'
import type { Steps } from './steps.ts'
import { storableJson } from './storable.ts'

interface Carrying {
  readonly type: ReportType
  readonly order: Order
  readonly sources: Sources
  readonly named: Named
  readonly store: Store
  readonly reportsDirectory: string
  /** Instead of the one in the type's text, where it is at hand. */
  readonly definition?: Definition
  readonly tally: Tally
  /** Source: until it gives rows; format: until all are read and written as bytes; store: until all of them are safe. */
  readonly steps: Steps
  readonly signal: AbortSignal
}

/**
 * Carries out one attempt: source, format, compression, digest, store, in one stream with one signal. Nothing is held whole.
 * Resolves when the bytes are safe, under a key that nobody reads before promote(). Rejects with what went wrong, or with the
 * signal's reason; then nothing is left in the store.
 */
export async function carryOut(carrying: Carrying): Promise<Finished & { pending: PendingDocument }> {
  const { type, order, store, tally, steps, signal } = carrying
  const format = formatNamed(order.format)
  const compression = compressionNamed(order.compression)
  const timeoutMs = durationMilliseconds(type.timeout)
  steps.begin('source')
  const rows = await openRows({ ...carrying, format, timeoutMs })
  steps.end('source')
  let pending: PendingDocument | undefined
  try {
    steps.begin('format')
    steps.begin('store')
    pending = await store.write(order.key, signal)
    const digest = createDigest()
    tally.bytes = digest.bytesSoFar
    digest.stream.once('end', () => {
      tally.stage = 'STORING'
      steps.end('format')
    })
    const compress = compression.transform()
    const stages = [rows.bytes, ...(compress ? [compress] : []), digest.stream, pending.stream]
    await pipeline(stages as [typeof rows.bytes, Writable], { signal })
    steps.end('store')
    const { rowCount, summary } = await rows.complete()
    signal.throwIfAborted()
    const { byteSize, sha256 } = digest.facts()
    return {
      pending,
      preview: storableJson(rows.preview()) as Finished['preview'],
      retentionSeconds: durationMilliseconds(type.retention) / 1000,
      document: {
        key: order.key,
        fileName: fileNameOf(type, order.parameters, {
          extension: format.extension,
          compression: compression.extension,
          date: dayOf(order),
        }),
        contentType: compression.contentType ?? format.contentType,
        rowCount,
        byteSize,
        sha256,
        columns: rows.columns,
        summary: storableJson(summary) as Finished['document']['summary'],
      },
    }
  } catch (error) {
    rows.bytes.destroy()
    await pending?.discard()
    throw signal.aborted ? signal.reason : error
  } finally {
    await rows.close()
  }
}

/** The day of the request, in the report's zone. */
function dayOf({ requestedAt, timeZone }: Order): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(requestedAt)
}

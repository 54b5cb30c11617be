import { createHash } from 'node:crypto'
import { ReportFailed } from '../errors.ts'
import type { UploadedFile } from '../report-type/define.ts'
import type { Store } from '../stores/store.ts'
import type { UploadFacts } from './of-report.ts'

/** A file as an author's code has it at hand. What stands behind the tables of a PDF is large, and loaded when asked for. */
export function uploadedFile(
  { fileName, contentType, byteSize, sha256, key }: UploadFacts,
  store: Pick<Store, 'read'>,
  signal: AbortSignal,
): UploadedFile {
  async function* stream(): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256')
    for await (const chunk of (await store.read(key)) as AsyncIterable<Buffer>) {
      signal.throwIfAborted()
      hash.update(chunk)
      yield chunk
    }
    if (hash.digest('hex') !== sha256)
      throw new ReportFailed('STORAGE_FAILED', 'The store gave other bytes than the upload had.', { retryable: true })
  }
  return {
    fileName,
    contentType,
    byteSize,
    stream,
    async *table(options = {}) {
      const { pdfTable } = await import('../pdf/table.ts')
      yield* pdfTable({ bytes: stream(), byteSize, signal }, options)
    },
  }
}

import type { Readable } from 'node:stream'
import type { Row } from '../report-type/define.ts'
import { holdsBytes, mostCsvBytes, type sentRowWriter } from './csv-sent.ts'
import type { RowBatch } from './format.ts'
import { checkWidth, pullBatches } from './pulled.ts'

/** Text of one Buffer at most, in characters; a batch that makes more is given in several. */
const LONGEST_TEXT = 64 * 1024
/** Size of a Buffer that a source's bytes are written into. */
const FILLED_BYTES = 68 * 1024
/** Bytes of one UTF-16 unit in UTF-8. */
const MOST_UTF8 = 3

/** How a format writes: what comes first, each row, and what comes last. `row` appends to nothing: it returns its text. */
export interface RowWriter {
  readonly head: string
  row(row: Row, index: number): string
  tail(rowCount: number): string
  /** Rows from what a source sent of them, if the format can: see csv-sent.ts. */
  readonly fill: ReturnType<typeof sentRowWriter> | null
}

/** Bytes of a document that is text: a batch is held at most, and given in pieces. */
export function streamOfBatches(rows: AsyncIterable<RowBatch>, columnCount: number, writer: RowWriter): Readable {
  let batch: RowBatch = []
  let position = 0
  let rowCount = 0
  /** Text that has to come before the next row. */
  let waiting = writer.head

  function takeBytes(): Buffer {
    if (waiting === '' && sentNext()) return takeSent()
    let text = waiting
    waiting = ''
    while (position < batch.length && text.length < LONGEST_TEXT && !sentNext()) text += takeRow()
    return Buffer.from(text)
  }

  /** The same where a source's bytes are written; rows between them that have none are put there as text. */
  function takeSent(): Buffer {
    const out = Buffer.allocUnsafeSlow(FILLED_BYTES)
    let at = 0
    while (position < batch.length) {
      const sent = batch.sent?.[position]
      if (holdsBytes(sent)) {
        const end = out.length - at < mostCsvBytes(sent.size) ? -1 : writer.fill!(sent, batch[position]!, out, at)
        if (end >= 0) {
          at = end
          position += 1
          rowCount += 1
          continue
        }
        if (at > 0) break // there is room in the next one
      }
      waiting = takeRow()
      if (waiting.length * MOST_UTF8 > out.length - at) break
      at += out.write(waiting, at)
      waiting = ''
    }
    return at > 0 ? out.subarray(0, at) : takeBytes()
  }

  function sentNext(): boolean {
    return writer.fill !== null && holdsBytes(batch.sent?.[position])
  }

  function takeRow(): string {
    const row = batch[position++]!
    checkWidth(row, rowCount, columnCount)
    return writer.row(row, rowCount++)
  }

  return pullBatches(rows, {
    give(next) {
      batch = next
      position = 0
    },
    take() {
      if (position >= batch.length) return null
      const bytes = takeBytes()
      if (position >= batch.length) batch = []
      return bytes
    },
    end: () => [Buffer.from(waiting + writer.tail(rowCount))],
  })
}

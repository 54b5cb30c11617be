import { Transform } from 'node:stream'
import { ReportFailed } from '../src/errors.ts'
import type { RowBatch } from '../src/formats/format.ts'
import type { ReportStage } from '../src/report/status.ts'
import type { Counters } from './attempt-messages.ts'

/** Where one attempt stands, kept by its pipeline as it goes; somebody else reads it now and then. */
export interface Tally {
  stage: ReportStage
  rows(): number
  bytes(): number
  /** Null: nobody knows. */
  total: number | null
  /** What an author said beside the rows; null: rows are what counts. */
  done: number | null
  /** Steps of unequal weight: then they tell how far it is. Null: there are none, or none has begun. */
  phases(): { readonly name: string; readonly done: number; readonly total: number } | null
  message: string | null
}

export function createTally(): Tally {
  return { stage: 'READING', rows: () => 0, bytes: () => 0, total: null, done: null, phases: () => null, message: null }
}

export function countersOf(tally: Tally): Counters {
  const rows = tally.rows()
  const phase = tally.phases()
  return {
    stage: tally.stage,
    rows,
    bytes: tally.bytes(),
    done: phase?.done ?? tally.done ?? rows,
    total: phase?.total ?? tally.total,
    ...(phase === null ? {} : { phase: phase.name }),
    message: tally.message ?? phase?.name ?? null,
  }
}

/** Throws ROW_LIMIT where there are more rows than the type allows: what is cut short is never a document. */
export function checkLimit(rows: number, maxRows: number | null): void {
  if (maxRows !== null && rows > maxRows) {
    throw new ReportFailed(
      'ROW_LIMIT',
      `The report has more than ${maxRows} rows, which is the most that its type allows: narrow the parameters.`,
    )
  }
}

/** Passes COPY's chunks on, and has the counts looked at with each of them. */
export function watchChunks(look: (chunk: Buffer) => void): Transform {
  return new Transform({
    readableHighWaterMark: 256 * 1024,
    writableHighWaterMark: 256 * 1024,
    transform(chunk: Buffer, _, callback) {
      try {
        look(chunk)
        callback(null, chunk)
      } catch (error) {
        callback(error as Error)
      }
    },
  })
}

/** The same for batches of rows. */
export async function* watchBatches(
  batches: AsyncIterable<RowBatch>,
  look: (batch: RowBatch) => void,
): AsyncGenerator<RowBatch> {
  for await (const batch of batches) {
    look(batch)
    yield batch
  }
}

import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { Format, FormatOptions, RowBatch } from './format.ts'
import { parquetColumn, type Value } from './parquet-columns.ts'
import { checkWidth, piecesOf, pullBatches, type BatchWriter } from './pulled.ts'

/** A row group is written with so many rows, or so many bytes of text in them (as many as JavaScript counts): what is held at most. */
const GROUP_ROWS = 16_384
const GROUP_TEXT = 8 * 1024 * 1024
/** What a value of a fixed size counts as. */
const FIXED = 8

/**
 * Apache Parquet: columns with types, in row groups that are written as soon as they are full, SNAPPY. What a column's type has
 * no room for is a failure. Instants are UTC.
 */
export const parquet: Format = {
  name: 'PARQUET',
  extension: 'parquet',
  contentType: 'application/vnd.apache.parquet',
  packed: true,
  encode: (rows, options) => pullBatches(rows, groupWriter(options)),
}

function groupWriter({ columns }: FormatOptions): BatchWriter {
  const out = new ByteWriter(64 * 1024)
  const kinds = columns.map(parquetColumn)
  const root = { name: 'root', num_children: columns.length }
  const writer = new ParquetWriter({
    writer: out,
    schema: [root, ...kinds.map(({ element }) => element)],
    createdBy: 'Broadsheet',
  })
  let group = columns.map((): (Value | null)[] => [])
  let size = 0
  let rowCount = 0
  let pieces: Buffer[] = []

  /** What the writer has written is handed on, and its room used again. */
  function written(): Buffer[] {
    const bytes = Buffer.from(out.getBytes())
    out.index = 0
    return piecesOf(bytes)
  }

  function endGroup(): void {
    if (group[0]?.length) {
      const columnData = kinds.map(({ element, encoding, statistics }, index) => ({
        name: element.name,
        data: group[index]!,
        ...(encoding && { encoding }),
        ...(statistics === false && { statistics }),
      }))
      void writer.write({ columnData, rowGroupSize: GROUP_ROWS })
    }
    group = columns.map(() => [])
    size = 0
  }

  function addRow(row: RowBatch[number]): void {
    checkWidth(row, rowCount, columns.length)
    rowCount += 1
    for (let index = 0; index < kinds.length; index++) {
      const cell = row[index]
      const value = cell === null || cell === undefined ? null : kinds[index]!.value(cell, rowCount)
      group[index]!.push(value)
      size += typeof value === 'string' || value instanceof Uint8Array ? value.length : FIXED
    }
  }

  return {
    give(batch) {
      for (const row of batch) {
        addRow(row)
        if (group[0]!.length < GROUP_ROWS && size < GROUP_TEXT) continue
        endGroup()
        pieces.push(...written())
      }
    },
    take: () => pieces.shift() ?? null,
    end() {
      endGroup()
      writer.schema = [root, ...kinds.map(({ element, listed }) => listed ?? element)]
      void writer.finish()
      return written()
    },
  }
}

import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import type { Format } from '../../src/formats/format.ts'
import type { Cell, Row } from '../../src/report-type/define.ts'
import { oracles } from './oracles.ts'
import { readSheet } from './xlsx.ts'

interface ReadBack {
  /** Names of the columns; null: the format has none without rows. */
  readonly columns: readonly string[] | null
  readonly rows: unknown[][]
}
interface Reader {
  read(bytes: Buffer): Promise<ReadBack>
  /** What the reader is to find of a cell that is one of the values of TEXT_COLUMNS. */
  expected(cell: Cell): unknown
  /** Batches of 200 KB, hard to compress, that may have been asked for when the first bytes have been read. */
  readonly ahead: number
}

const same = (cell: Cell): unknown => cell ?? null

function objects(rows: object[]): ReadBack {
  return { columns: rows[0] ? Object.keys(rows[0]) : null, rows: rows.map((row) => Object.values(row)) }
}

/** For each format a reader that knows nothing of its writer. */
export const READERS: Readonly<Record<Format['name'], Reader>> = {
  CSV: {
    async read(bytes) {
      const { csvParse } = await oracles()
      const [columns = [], ...rows] = csvParse(bytes.toString())
      return { columns, rows }
    },
    // CSV's parsers read all as text, and nothing for null.
    expected: (cell) => (cell == null ? '' : typeof cell === 'boolean' ? (cell ? 't' : 'f') : String(cell)),
    ahead: 3,
  },
  NDJSON: {
    async read(bytes) {
      const lines = bytes.toString().split('\n').slice(0, -1)
      return objects(lines.map((line) => JSON.parse(line) as object))
    },
    expected: same,
    ahead: 3,
  },
  JSON: { read: async (bytes) => objects(JSON.parse(bytes.toString()) as object[]), expected: same, ahead: 3 },
  XLSX: {
    async read(bytes) {
      const [columns = [], ...rows] = readSheet(bytes).rows.map((row) => row.map((cell) => cell?.value ?? null))
      return { columns: columns.map(String), rows }
    },
    expected: same,
    ahead: 6,
  },
  PARQUET: {
    async read(bytes) {
      const file = new Uint8Array(bytes).buffer
      const rows = await parquetReadObjects({ file })
      const [, ...columns] = parquetMetadata(file).schema
      return { columns: columns.map(({ name }) => name), rows: rows.map((row) => Object.values(row)) }
    },
    // This reader takes a mark of byte order for one; what DuckDB reads is compared byte by byte elsewhere.
    expected: (cell) => (typeof cell === 'string' ? cell.replace(/^\ufeff/, '') : same(cell)),
    // A row group of 8 MiB.
    ahead: 42,
  },
}

export function expectedRows(format: Format, rows: readonly Row[]): unknown[][] {
  return rows.map((row) => row.map((cell) => READERS[format.name].expected(cell)))
}

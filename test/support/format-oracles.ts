import { createRequire } from 'node:module'
import { DIRECTORY, installOracles } from './oracles.ts'

const PACKAGE = `${DIRECTORY}formats/`

/** As SheetJS says: `t` n, s, b; `v` the value; `w` as it is shown. */
interface SheetCell {
  t: string
  v: unknown
  w?: string
}

export interface FormatOracles {
  /** The first sheet of a workbook: rows of cells, null where there is none. */
  sheet(bytes: Uint8Array): (SheetCell | null)[][]
  /** DuckDB's answer to a query, `?` for a file of PARQUET: each value as DuckDB writes it as text; null null. */
  duckdb(query: string, path: string): Promise<(string | null)[][]>
}

interface SheetJs {
  /** In dense form: rows, and in each what is there. */
  read(
    bytes: Uint8Array,
    options: { type: 'buffer'; dense: true; cellNF: true },
  ): { SheetNames: string[]; Sheets: Record<string, ArrayLike<(SheetCell | undefined)[] | undefined>> }
}
interface DuckDb {
  DuckDBInstance: {
    create(path: string): Promise<{
      connect(): Promise<{ runAndReadAll(query: string): Promise<{ getRows(): unknown[][] }>; closeSync(): void }>
      closeSync(): void
    }>
  }
}

/** Readers that know nothing of this service, from a package of their own; installed on first use. */
export async function formatOracles(): Promise<FormatOracles> {
  await installOracles(PACKAGE)
  const load = createRequire(`${PACKAGE}package.json`)
  const sheetjs = load('xlsx') as SheetJs
  const { DuckDBInstance } = load('@duckdb/node-api') as DuckDb
  return {
    sheet(bytes) {
      const { SheetNames, Sheets } = sheetjs.read(bytes, { type: 'buffer', dense: true, cellNF: true })
      return Array.from(Sheets[SheetNames[0]!]!, (row) => Array.from(row ?? [], (cell) => cell ?? null))
    },
    async duckdb(query, path) {
      const instance = await DuckDBInstance.create(':memory:')
      const connection = await instance.connect()
      try {
        const reader = await connection.runAndReadAll(query.replaceAll('?', `read_parquet('${path}')`))
        return reader.getRows().map((row) => row.map((value) => (value === null ? null : String(value))))
      } finally {
        connection.closeSync()
        instance.closeSync()
      }
    },
  }
}

import type { TableOptions, TablePage } from '../report-type/define.ts'

export async function* pdfTable(
  _file: { bytes: AsyncIterable<Uint8Array>; byteSize: number; signal: AbortSignal },
  _options: TableOptions,
): AsyncGenerator<TablePage> {}

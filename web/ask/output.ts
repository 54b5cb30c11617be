import type {
  CsvDialect,
  ReportCompression,
  ReportFormat,
  ReportPriority,
  ReportVisibility,
} from '../generated/graphql.ts'

/** How a document is wanted. Kept as chosen: what does not go with the format comes back when the format does. */
export interface Output {
  readonly format: ReportFormat
  readonly csvDialect: CsvDialect
  readonly compression: ReportCompression
  readonly priority: ReportPriority
  readonly visibility: ReportVisibility
  readonly tags: readonly string[]
}

/** What the API takes where nothing is said; or what a report or a schedule has. */
export function firstOutput(given: Partial<Output> = {}): Output {
  return {
    format: given.format ?? 'CSV',
    csvDialect: given.csvDialect ?? 'POSTGRES',
    compression: given.compression ?? 'NONE',
    priority: given.priority ?? 'NORMAL',
    visibility: given.visibility ?? 'PRIVATE',
    tags: given.tags ?? [],
  }
}

/** Formats that are compressed in themselves: the API refuses to compress them again. */
export const isPacked = (format: ReportFormat): boolean => format === 'XLSX' || format === 'PARQUET'

/** The fields of RequestReportInput, CreateScheduleInput and UpdateScheduleInput. */
export function outputOf(output: Output) {
  return {
    ...output,
    compression: isPacked(output.format) ? ('NONE' as const) : output.compression,
    tags: [...output.tags],
  }
}

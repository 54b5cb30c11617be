import { csv } from './csv.ts'
import type { Format } from './format.ts'
import { json } from './json.ts'
import { ndjson } from './ndjson.ts'
import { parquet } from './parquet.ts'
import { xlsx } from './xlsx.ts'

/** Every format that a report may be asked for in. A new one is a file and a line here; enum and tests follow. */
export const FORMATS: readonly Format[] = [csv, ndjson, json, xlsx, parquet]

/** The values of the ReportFormat enum, in its order. */
export const REPORT_FORMATS: readonly Format['name'][] = FORMATS.map((format) => format.name)

/** Throws a RangeError for a name that no format has: callers hold names of the enum. */
export function formatNamed(name: string): Format {
  const format = FORMATS.find((candidate) => candidate.name === name)
  if (!format) throw new RangeError(`There is no report format "${name}".`)
  return format
}

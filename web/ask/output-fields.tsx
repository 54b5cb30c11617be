import type {
  CsvDialect,
  ReportCompression,
  ReportFormat,
  ReportPriority,
  ReportVisibility,
} from '../generated/graphql.ts'
import { Choice } from '../parts/choice.tsx'
import { PRIORITIES, sentence } from '../parts/status.tsx'
import { Tokens } from '../parts/tokens.tsx'
import { below, messageOf, type FieldError } from './errors.ts'
import { isPacked, type Output } from './output.ts'
import type { Change } from './values.ts'

interface Props {
  /** `firstOutput` begins it, `outputOf` makes the fields of the input of it. */
  value: Output
  onChange: Change<Output>
  /** Of the type: AskedType.formats. */
  formats: readonly ReportFormat[]
  /** All of the last refusal: fieldErrors(userErrors); what is of no field here is passed over. */
  errors: readonly FieldError[]
}

/** How the document is written, how soon, and who else may read it. */
export function OutputFields({ value, onChange, formats, errors }: Props) {
  const set = (part: Partial<Output>) => onChange((before) => ({ ...before, ...part }))
  const error = (name: keyof Output, items: readonly string[] = []) => messageOf(below(errors, name), items)

  return (
    <div class="fields">
      <Choice
        label="Format"
        options={formats.map((format) => ({ value: format, words: FORMATS[format] ?? format }))}
        value={value.format}
        change={(format) => set({ format: format as ReportFormat })}
        error={error('format')}
      />
      {value.format === 'CSV' && (
        <Choice
          label="Kind of CSV"
          help={DIALECTS[value.csvDialect]?.help}
          options={Object.entries(DIALECTS).map(([dialect, { words }]) => ({ value: dialect, words }))}
          value={value.csvDialect}
          change={(dialect) => set({ csvDialect: dialect as CsvDialect })}
          error={error('csvDialect')}
        />
      )}
      {!isPacked(value.format) && (
        <Choice
          label="Compression"
          options={Object.entries(COMPRESSIONS).map(([compression, words]) => ({ value: compression, words }))}
          value={value.compression}
          change={(compression) => set({ compression: compression as ReportCompression })}
          error={error('compression')}
        />
      )}
      <Choice
        label="Priority"
        options={PRIORITIES.map((priority) => ({ value: priority, words: sentence(priority) }))}
        value={value.priority}
        change={(priority) => set({ priority: priority as ReportPriority })}
        error={error('priority')}
      />
      <Choice
        label="Who may read it"
        options={Object.entries(VISIBILITIES).map(([visibility, words]) => ({ value: visibility, words }))}
        value={value.visibility}
        change={(visibility) => set({ visibility: visibility as ReportVisibility })}
        error={error('visibility')}
      />
      <Tokens
        label="Tags"
        help="To find it again. Enter or a comma after each."
        separators={/[,\n]/}
        value={value.tags}
        change={(tags) => set({ tags })}
        error={error('tags', value.tags)}
      />
    </div>
  )
}

const FORMATS: Readonly<Record<string, string>> = {
  CSV: 'CSV',
  NDJSON: 'NDJSON',
  JSON: 'JSON',
  XLSX: 'Excel (XLSX)',
  PARQUET: 'Parquet',
}
const DIALECTS: Readonly<Record<string, { words: string; help: string }>> = {
  POSTGRES: { words: 'Postgres', help: 'Byte for byte as psql writes it.' },
  RFC4180: { words: 'RFC 4180', help: 'As Postgres, with CRLF at the end of each line.' },
  EXCEL: {
    words: 'Excel',
    help: 'For a double click: UTF-8 mark, true and false, no cell that would be run as a formula.',
  },
}
const COMPRESSIONS: Readonly<Record<string, string>> = { NONE: 'None', GZIP: 'Gzip', ZSTD: 'Zstandard' }
const VISIBILITIES: Readonly<Record<string, string>> = { PRIVATE: 'Only its owner', TENANT: 'Everyone here' }

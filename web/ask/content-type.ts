/** What the API takes, by the end of a file's name. */
const TYPES: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  csv: 'text/csv',
  txt: 'text/plain',
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  jsonl: 'application/x-ndjson',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}

/** By the name first: a spreadsheet on the same machine may have taken .csv for its own. */
export function contentTypeOf({ name, type }: { name: string; type: string }): string {
  return TYPES[name.split('.').at(-1)?.toLowerCase() ?? ''] ?? (type || 'application/octet-stream')
}

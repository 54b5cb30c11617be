import type { Fields, Values } from './route.ts'
import { camelParameters } from './names.ts'

/** What a request and a schedule have in common. */
export const ASKING_FIELDS = {
  report_type: { kind: 'text', required: true, description: 'Its name at /reports/types.', example: 'sales' },
  parameters: {
    kind: 'object',
    description: 'The parameters of the type; snake_case or camelCase. Relative dates are fine.',
    example: { start_date: 'last_month_start', end_date: 'last_month_end' },
  },
  priority: { kind: 'text', enum: 'ReportPriority', description: 'NORMAL unless told.' },
  format: { kind: 'text', enum: 'ReportFormat', description: 'CSV unless told.' },
  compression: { kind: 'text', enum: 'ReportCompression', description: 'NONE unless told.' },
  csv_dialect: { kind: 'text', enum: 'CsvDialect', description: 'POSTGRES unless told.' },
  time_zone: { kind: 'text', description: 'IANA, UTC unless told: in which dates are meant.' },
  visibility: { kind: 'text', enum: 'ReportVisibility', description: 'PRIVATE unless told.' },
  tags: { kind: 'texts', description: 'At most 20.' },
  deliveries: {
    kind: 'objects',
    description:
      'Where the outcome goes: {"email": {"to": [...]}}, {"webhook": {"url", "secret"}} ... docs/deliveries.md.',
  },
  idempotency_key: { kind: 'text', description: 'The same as the header Idempotency-Key.' },
} as const satisfies Fields

/** The part of an input of the schema that these fields give. */
export function askingInput(body: Values, idempotencyKey: string | null): Record<string, unknown> {
  const { report_type, parameters, csv_dialect, time_zone, idempotency_key, title, priority, format, compression } =
    body
  const { visibility, tags, deliveries } = body
  return {
    report: { byName: { type: report_type, parameters: camelParameters(parameters ?? {}) } },
    title,
    priority,
    format,
    compression,
    csvDialect: csv_dialect,
    timeZone: time_zone,
    visibility,
    tags,
    deliveries,
    idempotencyKey: idempotency_key ?? idempotencyKey ?? undefined,
  }
}

import type { Words } from './fields.ts'

/** JSON Schema 2020-12, as OpenAPI 3.1 has it; only what this API uses. */
export interface Shape {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly format?: string
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Shape
  readonly items?: Shape
  readonly minimum?: number
  readonly maximum?: number
  readonly $ref?: string
  readonly anyOf?: readonly Shape[]
}

const text = (description?: string): Shape => ({ type: 'string', ...(description && { description }) })
const instant: Shape = { type: 'string', format: 'date-time' }
const whole: Shape = { type: 'integer' }
const flag: Shape = { type: 'boolean' }
const anything = (description: string): Shape => ({ type: 'object', additionalProperties: true, description })
const list = (items: Shape): Shape => ({ type: 'array', items })
const ref = (name: ShapeName): Shape => ({ $ref: `#/components/schemas/${name}` })
/** The same, or null. */
const or = (shape: Shape): Shape =>
  typeof shape.type === 'string' && !shape.enum
    ? { ...shape, type: [shape.type, 'null'] }
    : { anyOf: [shape, { type: 'null' }] }
/** Every name is always there, but for those that end in "?". */
const object = (properties: Record<string, Shape>, description?: string): Shape => ({
  type: 'object',
  ...(description && { description }),
  properties: Object.fromEntries(Object.entries(properties).map(([name, shape]) => [name.replace('?', ''), shape])),
  required: Object.keys(properties).filter((name) => !name.endsWith('?')),
  additionalProperties: false,
})

export type ShapeName =
  | 'Report' | 'Reports' | 'ReportType' | 'ReportTypes' | 'Progress' | 'Schedule' | 'Schedules' | 'Execution' | 'Executions' | 'Problem' // prettier-ignore

/** What this API answers; a test holds real answers against it. */
export function shapesOf(words: Words): Readonly<Record<ShapeName, Shape>> {
  const word = (name: string): Shape => ({ type: 'string', enum: words(name) })
  const page = (of: ShapeName): Shape =>
    object({
      'count?': { ...whole, description: 'All there are; counted only with count=true.' },
      next: or(text('The address of the next page; null: this is the last.')),
      previous: or(text('The address of the page before.')),
      results: list(ref(of)),
    })
  const person = object({ id: text(), name: text() })
  const column = object({ name: text(), type: text(), description: or(text()) })
  const failure = object({ code: word('ReportFailureCode'), message: text(), retryable: flag })
  const asked = {
    report_type: text('The name of its file.'),
    priority: word('ReportPriority'),
    format: word('ReportFormat'),
    compression: word('ReportCompression'),
    csv_dialect: word('CsvDialect'),
    visibility: word('ReportVisibility'),
    parameters: anything('As asked, names in snake_case.'),
    time_zone: text('IANA.'),
    tags: list(text()),
  }
  return {
    Report: object({
      id: text(),
      title: text(),
      status: { ...word('ReportStatus'), description: 'docs/rest.md says what each means.' },
      ...asked,
      resolved_parameters: or(anything('With each relative date resolved; null while last_slot is open.')),
      progress: object({
        percent: or({ type: 'number', minimum: 0, maximum: 100, description: 'Null while the total is unknown.' }),
        stage: word('ReportStage'),
        rows_written: whole,
        rows_total: or(whole),
        message: or(text()),
        eta_seconds: or(whole),
      }),
      attempt: whole,
      failure: or(failure),
      document: or(
        object({
          file_name: text(),
          content_type: text(),
          row_count: whole,
          byte_size: whole,
          sha256: text('Hex.'),
          expires_at: instant,
          summary: or(anything('Figures about the whole, where the type gives them.')),
          download_url: text('Needs the same credential; answers with a signed link.'),
        }),
      ),
      requested_by: person,
      schedule_id: or(text()),
      scheduled_for: or(instant),
      regenerated_from: or(text('The id of the report that this one repeats.')),
      'queue_position?': or({ ...whole, description: 'Only at /reports/{id}, while QUEUED.' }),
      created_at: instant,
      started_at: or(instant),
      finished_at: or(instant),
      expires_at: or(instant),
      url: text(),
      progress_url: text(),
    }),
    Reports: page('Report'),
    ReportType: object({
      name: text('What report_type names.'),
      title: text(),
      description: or(text()),
      available: flag,
      unavailable_reason: or(text()),
      can_request: { ...flag, description: 'Whether the caller may ask for it.' },
      deprecated: or(text()),
      formats: list(word('ReportFormat')),
      retention: text('ISO 8601.'),
      timeout: text('ISO 8601.'),
      max_rows: or(whole),
      parameters: list(
        object({
          name: text(),
          type: text('DateExpression!, Int, [String!] ...'),
          required: flag,
          default: { description: 'Null: none.' },
          description: or(text()),
          values: or(list(text())),
        }),
      ),
      columns: list(column),
    }),
    ReportTypes: page('ReportType'),
    Progress: object({
      report_id: text(),
      sequence: { ...whole, description: 'Grows with each event and never repeats.' },
      status: word('ReportStatus'),
      stage: word('ReportStage'),
      attempt: whole,
      percent: or({ type: 'number' }),
      rows_written: whole,
      rows_total: or(whole),
      bytes_written: whole,
      message: or(text()),
      eta_seconds: or(whole),
      at: instant,
    }),
    Schedule: object({
      id: text(),
      title: text(),
      ...asked,
      cron: or(text('Exactly one of cron, every and at is set.')),
      every: or(text('ISO 8601.')),
      at: or(instant),
      paused: flag,
      overlap_policy: word('ScheduleOverlapPolicy'),
      catch_up_window: text('ISO 8601.'),
      deliveries: list(object({ id: text(), channel: word('DeliveryChannel'), target: text() })),
      last_succeeded_slot: instant,
      next_run_at: or(instant),
      created_by: person,
      created_at: instant,
      updated_at: instant,
      url: text(),
    }),
    Schedules: page('Schedule'),
    Execution: object(
      {
        scheduled_for: instant,
        outcome: word('ScheduleSlotOutcome'),
        reason: or(text()),
        report: or(object({ id: text(), title: text(), status: word('ReportStatus'), url: text() })),
        count: whole,
        until: or(instant),
        at: instant,
      },
      'What became of a slot that has come. A run of slots that were missed or paused is one: count slots, scheduled_for to until.',
    ),
    Executions: page('Execution'),
    Problem: object(
      {
        type: text(),
        title: text(),
        status: whole,
        detail: text('For people.'),
        code: text('Stable; docs/errors.md has the list.'),
        errors: list(object({ path: or(list(text())), code: text(), message: text() })),
      },
      'RFC 9457, application/problem+json.',
    ),
  }
}

import type { Reader } from './config-reader.ts'

/** Where spans go, by OpenTelemetry's own variables. */
export interface TracingSettings {
  /** Takes OTLP over HTTP in JSON. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
  readonly resource: Readonly<Record<string, string>>
  /** Of the traces that begin here, this part is kept, 0 to 1; one that began elsewhere says itself whether it is. */
  readonly ratio: number
  /** How long spans wait for others, in milliseconds. */
  readonly delay: number
}

const SAMPLERS: readonly string[] = ['parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio']

/** Null: tracing is off. */
export function readTracing(reader: Reader): TracingSettings | null {
  const { text, faults } = reader
  const endpoint = reader.url(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    ['http:', 'https:'],
    text('OTEL_EXPORTER_OTLP_ENDPOINT') ?? '',
  )
  const protocol = text('OTEL_EXPORTER_OTLP_PROTOCOL') ?? 'http/json'
  const sampler = text('OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on'
  const ratio = Number(text('OTEL_TRACES_SAMPLER_ARG') ?? '1')
  const settings = {
    endpoint: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: pairs(reader, 'OTEL_EXPORTER_OTLP_HEADERS'),
    serviceName: text('OTEL_SERVICE_NAME') ?? 'broadsheet',
    resource: pairs(reader, 'OTEL_RESOURCE_ATTRIBUTES'),
    ratio: sampler === 'parentbased_always_off' ? 0 : sampler === 'parentbased_traceidratio' ? ratio : 1,
    delay: reader.whole('OTEL_BSP_SCHEDULE_DELAY', 5_000, 1, 600_000) as number,
  }
  if (reader.flag('OTEL_SDK_DISABLED', false) || endpoint === '') return null
  if (protocol !== 'http/json')
    faults.push(
      `OTEL_EXPORTER_OTLP_PROTOCOL is "${protocol}", but http/json is what is spoken here: a collector takes it on port 4318.`,
    )
  if (!SAMPLERS.includes(sampler))
    faults.push(`OTEL_TRACES_SAMPLER is "${sampler}", but must be one of ${SAMPLERS.join(', ')}.`)
  if (!(ratio >= 0 && ratio <= 1)) faults.push('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1.')
  return settings
}

/** name=value,name=value, percent-encoded. */
function pairs(reader: Reader, name: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const part of reader.list(name)) {
    const [, key, value] = /^\s*([^=\s]+)\s*=\s*(.*)$/.exec(part) ?? []
    try {
      if (key === undefined || value === undefined) throw new URIError('no pair')
      found[key] = decodeURIComponent(value)
    } catch (error) {
      if (!(error instanceof URIError)) throw error
      reader.faults.push(`${name} must be name=value,name=value, percent-encoded.`)
    }
  }
  return found
}

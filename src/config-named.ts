import type { AwsSettings } from './config-aws.ts'
import type { Reader } from './config-reader.ts'

/** How sources that are no database are reached. Only reports that name such a source are given it. */
export interface NamedSettings {
  readonly github: { readonly url: string; readonly token: string | null }
  /** Null: there are no request events. */
  readonly events: EventsSettings | null
  /** Null: AWS's own, by region. */
  readonly dynamodbEndpoint: string | null
}
export type EventsSettings =
  | {
      readonly kind: 'dynamodb'
      readonly table: string
      /** Null: AWS's own, by region. */
      readonly endpoint: string | null
      readonly aws: AwsSettings
    }
  | { readonly kind: 'postgres'; readonly source: string; readonly table: string }

const GITHUB = 'https://api.github.com'

/** GITHUB_URL, GITHUB_TOKEN, EVENTS_SOURCE and DYNAMODB_ENDPOINT. */
export function readNamed(reader: Reader, aws: AwsSettings): NamedSettings {
  const { text } = reader
  const url = reader.url('GITHUB_URL', ['http:', 'https:'], text('GITHUB_URL')?.replace(/\/+$/, '') ?? GITHUB)
  const token = text('GITHUB_TOKEN')
  if (token !== null && !/^[\x21-\x7e]+$/.test(token))
    reader.faults.push('GITHUB_TOKEN must be letters, digits and signs, without spaces.')
  const endpoint = reader.url('DYNAMODB_ENDPOINT', ['http:', 'https:'], text('DYNAMODB_ENDPOINT') ?? '') || null
  return { github: { url, token }, events: readEvents(reader, endpoint, aws), dynamodbEndpoint: endpoint }
}

function readEvents(reader: Reader, endpoint: string | null, aws: AwsSettings): EventsSettings | null {
  const value = reader.text('EVENTS_SOURCE')
  if (value === null) return null
  const [, table] = /^dynamodb:([A-Za-z0-9_.-]{3,255})$/.exec(value) ?? []
  if (table !== undefined) {
    if (endpoint === null && aws.region === null)
      reader.faults.push('AWS_REGION is not set: the region of the table in EVENTS_SOURCE; or set DYNAMODB_ENDPOINT.')
    return { kind: 'dynamodb', table, endpoint, aws: reachable(aws, endpoint) }
  }
  const [, source, name] = /^([a-z][a-z0-9_]*):([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?)$/.exec(value) ?? []
  if (source !== undefined && name !== undefined) return { kind: 'postgres', source, table: name }
  reader.faults.push(
    `EVENTS_SOURCE is "${value}", but must be dynamodb:TABLE, or a name in BROADSHEET_SOURCES and a table: app:public.request_events.`,
  )
  return null
}

/** A server on this very machine takes any keys, and asking for real ones would only take time. */
function reachable(aws: AwsSettings, endpoint: string | null): AwsSettings {
  const host = endpoint === null ? '' : (URL.parse(endpoint)?.hostname ?? '')
  if (aws.keys !== null || aws.profile !== null || !['localhost', '127.0.0.1', '[::1]'].includes(host)) return aws
  return { ...aws, keys: { id: 'local', secret: 'local', sessionToken: null } }
}

import { isIP } from 'node:net'
import { BUCKET_URL, readAws, type ObjectStoreAccess } from './config-aws.ts'
import type { Reader } from './config-reader.ts'

/** Whom the service reaches with its own credentials: object stores, mail, warehouses, webhooks. The operator's to say. */
export interface Reach {
  /** `documents` streams through the API, or is answered with a link of the object store. */
  readonly downloads: 'proxy' | 'redirect'
  readonly objectStore: ObjectStoreAccess
  /** Null: there is no e-mail. */
  readonly smtp: { readonly url: string; readonly from: string } | null
  /** Domains to which e-mail may go; empty: the viewer's own address alone. */
  readonly emailDomains: readonly string[]
  /** host:port or CIDR beyond public addresses. */
  readonly webhookAllow: readonly string[]
  readonly buckets: Readonly<Record<string, BucketReach>>
  readonly warehouses: Readonly<Record<string, WarehouseReach>>
}

export interface BucketReach {
  /** s3://bucket/prefix */
  readonly url: string
  /** Whose members may name it. */
  readonly roles: readonly string[]
}
export interface WarehouseReach {
  /** postgres:// or redshift://...?iam_role=arn:...&region=... */
  readonly url: string
  /** "schema.table", or "schema.*". */
  readonly tables: readonly string[]
  readonly modes: readonly ('APPEND' | 'REPLACE')[]
  readonly roles: readonly string[]
}

const ROLES = ['ADMIN', 'MEMBER']
const MODES = ['APPEND', 'REPLACE'] as const

export function readReach(reader: Reader): Reach {
  const { text, list, faults } = reader
  const downloads = text('DOWNLOADS') ?? 'proxy'
  if (downloads !== 'proxy' && downloads !== 'redirect')
    faults.push(`DOWNLOADS is "${downloads}", but must be proxy or redirect.`)
  const smtpUrl = reader.url('SMTP_URL', ['smtp:', 'smtps:'], text('SMTP_URL') ?? '') || null
  const from = text('SMTP_FROM')
  if (smtpUrl !== null && !/^[^\r\n]*[^\s<>@]+@[^\s<>@]+>?$/.test(from ?? ''))
    faults.push('SMTP_FROM must be an address when SMTP_URL is set: Broadsheet <reports@example.com>.')
  const emailDomains = list('BROADSHEET_EMAIL_DOMAINS').map((domain) => domain.toLowerCase())
  for (const domain of emailDomains)
    if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain))
      faults.push(`BROADSHEET_EMAIL_DOMAINS has "${domain}", which is no domain: example.com.`)
  const warehouses = readNamed(
    reader,
    'BROADSHEET_WAREHOUSES',
    '{"main": {"url": "postgres://...", "tables": ["loads.*"]}}',
    readWarehouse,
  )
  for (const [name, { url }] of Object.entries(warehouses))
    if (url.startsWith('redshift:') && !text('STORE_URL')?.startsWith('s3:'))
      faults.push(
        `BROADSHEET_WAREHOUSES: "${name}" is an Amazon Redshift, which loads from an S3 store: set STORE_URL=s3://bucket/prefix.`,
      )
  const webhookAllow = list('WEBHOOK_ALLOW')
  for (const place of webhookAllow)
    if (!isPlace(place))
      faults.push(`WEBHOOK_ALLOW has "${place}", but must list host:port or CIDR: hooks.internal:8080, 10.1.0.0/16.`)
  return {
    downloads: downloads === 'redirect' ? 'redirect' : 'proxy',
    objectStore: {
      endpoint: reader.url('S3_ENDPOINT', ['http:', 'https:'], text('S3_ENDPOINT') ?? '') || null,
      aws: readAws(reader),
    },
    smtp: smtpUrl === null ? null : { url: smtpUrl, from: from ?? '' },
    emailDomains,
    webhookAllow,
    buckets: readNamed(reader, 'BROADSHEET_BUCKETS', '{"exports": {"url": "s3://bucket/prefix"}}', readBucket),
    warehouses,
  }
}

/** host:port, [IPv6]:port or CIDR. */
function isPlace(place: string): boolean {
  const [, network = '', bits] = /^([^/]*)\/(\d{1,3})$/.exec(place) ?? []
  if (bits !== undefined) return isIP(network) !== 0 && Number(bits) <= (isIP(network) === 4 ? 32 : 128)
  const [, host = '', port] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(place) ?? []
  return URL.canParse(`http://${host}`) && Number(port) >= 1 && Number(port) <= 65_535
}

type Parts = Readonly<Record<string, unknown>>
type Fault = (words: string) => void

/** JSON: a name, and what it may be used for. */
function readNamed<T>(
  reader: Reader,
  setting: string,
  example: string,
  read: (parts: Parts, fault: Fault) => T,
): Record<string, T> {
  const value = reader.text(setting)
  if (value === null) return {}
  let given: unknown
  try {
    given = JSON.parse(value)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    reader.faults.push(`${setting} must be JSON: ${example}.`)
    return {}
  }
  return Object.fromEntries(
    Object.entries(given).map(([name, parts]) => {
      const fault: Fault = (words) => void reader.faults.push(`${setting}: "${name}" ${words}`)
      if (!/^[a-z][a-z0-9_]*$/.test(name)) fault('must match [a-z][a-z0-9_]*.')
      return [name, read((typeof parts === 'object' && parts !== null ? parts : {}) as Parts, fault)]
    }),
  )
}

function readBucket(parts: Parts, fault: Fault): BucketReach {
  onlyKnown(parts, ['url', 'roles'], fault)
  const url = String(parts['url'] ?? '')
  if (!BUCKET_URL.test(url)) fault('needs a url such as s3://bucket/prefix.')
  return { url, roles: words(parts, 'roles', ROLES, ROLES, fault) }
}

function readWarehouse(parts: Parts, fault: Fault): WarehouseReach {
  onlyKnown(parts, ['url', 'tables', 'modes', 'roles'], fault)
  const url = String(parts['url'] ?? '')
  if (!/^(postgres|postgresql|redshift):$/.test(URL.parse(url)?.protocol ?? ''))
    fault('needs a url such as postgres://user:password@host/database, or redshift://...')
  if (url.startsWith('redshift:')) redshiftFaults(url, fault)
  const tables = words(parts, 'tables', null, [], fault)
  if (tables.length === 0 || tables.some((table) => !/^[a-z_][a-z0-9_]*\.([a-z_][a-z0-9_]*|\*)$/.test(table)))
    fault('needs its tables, as schema.table or schema.*: {"tables": ["loads.*"]}.')
  return {
    url,
    tables,
    modes: words(parts, 'modes', MODES, ['APPEND'], fault) as WarehouseReach['modes'],
    roles: words(parts, 'roles', ROLES, ROLES, fault),
  }
}

const ARN = /^(default|arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+)$/

/** Both become part of a statement. */
function redshiftFaults(url: string, fault: Fault): void {
  const { searchParams } = new URL(url)
  if (!ARN.test(searchParams.get('iam_role') ?? 'default'))
    fault('has an iam_role that is none: ?iam_role=arn:aws:iam::123456789012:role/loader, or default.')
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(searchParams.get('region') ?? 'eu-central-1'))
    fault('has a region that is none: ?region=eu-central-1.')
}

/** A misspelt "roles" would otherwise open to everybody what was meant for a few. */
function onlyKnown(parts: Parts, known: readonly string[], fault: Fault): void {
  for (const name of Object.keys(parts))
    if (!known.includes(name)) fault(`has "${name}", which is not known: use ${known.join(', ')}.`)
}

function words(
  parts: Parts,
  name: string,
  known: readonly string[] | null,
  fallback: readonly string[],
  fault: Fault,
): readonly string[] {
  const value = parts[name]
  if (value === undefined) return fallback
  if (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one) => typeof one === 'string' && (known?.includes(one) ?? true))
  )
    return value as string[]
  fault(`has "${name}", which must be a list${known ? ` of ${known.join(', ')}` : ' of texts'}.`)
  return fallback
}

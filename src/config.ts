import { checkObjectStores, readAws } from './config-aws.ts'
import { readBadTokens, readLimits } from './config-limits.ts'
import { readTracing, type TracingSettings } from './config-tracing.ts'
import { readReach, type Reach } from './config-reach.ts'
import { readNamed, type NamedSettings } from './config-named.ts'
import { createReader, type Environment, type Reader } from './config-reader.ts'
import { StartupError } from './errors.ts'
import type { Limits, Rate } from './limits.ts'

/** The settings of one process, read once and frozen to the bottom. Every name is an environment variable of .env.example. */
export interface Config {
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly host: string
  readonly port: number
  /** What links start with; never taken from a request. No trailing slash. Null: the address that the API listens on. */
  readonly publicUrl: string | null
  readonly dataDirectory: string
  readonly reportsDirectory: string
  /** The first signs, all verify. */
  readonly secrets: readonly string[]
  /** Null: there is no such token. */
  readonly adminToken: string | null
  /** Name -> postgres URL. */
  readonly sources: Readonly<Record<string, string>>
  readonly named: NamedSettings
  readonly jwt: {
    readonly secret: string | null
    readonly jwksUrl: string | null
    readonly issuer: string | null
    readonly audience: string | null
  }
  readonly storeUrl: string
  readonly corsOrigins: readonly string[]
  readonly graphiql: boolean
  readonly introspection: boolean
  /** "Did you mean ...?" in errors about the schema. */
  readonly suggestions: boolean
  readonly production: boolean
  /** A directory: only the GraphQL documents in it run. Null: any document. */
  readonly persistedOperations: string | null
  readonly workerConcurrency: number
  readonly tenantMaxRunning: number | null
  /** Reports that may wait, over all tenants; null: no such limit. */
  readonly queueMax: number | null
  /** Largest file that a report may be given, in bytes, and how many one user may have at once. */
  readonly uploads: { readonly maxBytes: number; readonly perUser: number }
  readonly drainSeconds: number
  /** How often a delivery is tried, and from the first try to the last at least so many milliseconds. */
  readonly deliveryTries: { readonly most: number; readonly window: number }
  /** How long rows of what has ended are kept, in milliseconds. */
  readonly rowRetention: number
  /** What a scraper shows at /metrics. Null: /metrics answers this machine alone. */
  readonly metricsToken: string | null
  readonly logLevel: string
  /** Null: tracing is off. */
  readonly tracing: TracingSettings | null
  readonly reach: Reach
  /** Of every caller whose token has none of its own. */
  readonly limits: Limits
  /** How many bad tokens one address may show in a time. */
  readonly badTokens: Rate
  /** Longest body of a request, and longest frame from a socket, in bytes: for all callers, as they are read before anybody is known. */
  readonly longestBody: number
  readonly longestFrame: number
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
/** Shorter secrets can be guessed. */
const SHORTEST_SECRET = 32
/** A setting that one part of the process could change would be another setting in the next part. */
function frozen<T extends object>(value: T): T {
  for (const inner of Object.values(value) as unknown[]) if (typeof inner === 'object' && inner !== null) frozen(inner)
  return Object.freeze(value)
}

function readSources(reader: Reader): Record<string, string> {
  const value = reader.text('BROADSHEET_SOURCES')
  if (value === null) return {}
  try {
    const sources: unknown = JSON.parse(value)
    if (typeof sources !== 'object' || sources === null || Array.isArray(sources))
      throw new SyntaxError('not an object')
    for (const [name, url] of Object.entries(sources)) {
      if (!/^[a-z][a-z0-9_]*$/.test(name))
        reader.faults.push(`BROADSHEET_SOURCES: the name "${name}" must match [a-z][a-z0-9_]*.`)
      if (typeof url !== 'string' || !/^postgres(ql)?:$/.test(URL.parse(url)?.protocol ?? ''))
        reader.faults.push(`BROADSHEET_SOURCES: "${name}" must be a URL that starts with postgres://.`)
    }
    return sources as Record<string, string>
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    reader.faults.push('BROADSHEET_SOURCES must be JSON: {"name": "postgres://user:password@host/database"}.')
    return {}
  }
}

/**
 * The environment as a frozen Config. Throws one StartupError that lists every fault with its remedy.
 * The only reader of process.env in the service.
 */
export function readConfig(environment: Environment = process.env): Config {
  const reader = createReader(environment)
  const { text, whole, flag, days } = reader
  const production = text('NODE_ENV') === 'production'
  const host = text('HOST') ?? '127.0.0.1'
  const port = whole('PORT', 4000, 0, 65_535) as number
  const dataDirectory = text('BROADSHEET_DATA_DIR') ?? '.data'
  const secrets = reader.list('BROADSHEET_SECRET')
  if (secrets.length === 0)
    reader.faults.push('BROADSHEET_SECRET is not set: make one with `openssl rand -hex 32`; it signs download links.')
  for (const secret of secrets)
    if (secret.length < SHORTEST_SECRET)
      reader.faults.push(
        `BROADSHEET_SECRET has a part shorter than ${SHORTEST_SECRET} characters: make one with \`openssl rand -hex 32\`.`,
      )
  const adminToken = text('BROADSHEET_ADMIN_TOKEN')
  if (adminToken !== null && adminToken.length < SHORTEST_SECRET)
    reader.faults.push(
      `BROADSHEET_ADMIN_TOKEN is shorter than ${SHORTEST_SECRET} characters: make one with \`openssl rand -hex 32\`.`,
    )
  // What a header can't carry, or the authenticator refuses unread, would be a token that never works.
  if (adminToken !== null && !/^[\x21-\x2b\x2d-\x7e]{1,4096}$/.test(adminToken))
    reader.faults.push(
      'BROADSHEET_ADMIN_TOKEN must be at most 4096 letters, digits and signs, without spaces or commas.',
    )
  const metricsToken = text('METRICS_TOKEN')
  if (metricsToken !== null && metricsToken.length < SHORTEST_SECRET)
    reader.faults.push(
      `METRICS_TOKEN is shorter than ${SHORTEST_SECRET} characters: make one with \`openssl rand -hex 32\`.`,
    )
  const jwtSecret = text('BROADSHEET_JWT_SECRET')
  if (jwtSecret !== null && jwtSecret.length < SHORTEST_SECRET)
    reader.faults.push(`BROADSHEET_JWT_SECRET is shorter than ${SHORTEST_SECRET} characters.`)
  const logLevel = text('LOG_LEVEL') ?? 'info'
  if (!LOG_LEVELS.includes(logLevel))
    reader.faults.push(`LOG_LEVEL is "${logLevel}", but must be one of ${LOG_LEVELS.join(', ')}.`)

  const introspection = flag('INTROSPECTION', !production)
  const reach = readReach(reader)
  const config: Config = {
    databaseUrl: reader.url(
      'DATABASE_URL',
      ['postgres:', 'postgresql:'],
      reader.required('DATABASE_URL', 'postgres://user:password@host:5432/database; `npm start` brings its own.'),
    ),
    redisUrl: reader.url(
      'REDIS_URL',
      ['redis:', 'rediss:'],
      reader.required('REDIS_URL', 'redis://host:6379; `npm start` brings its own.'),
    ),
    host,
    port,
    publicUrl: reader.url('PUBLIC_URL', ['http:', 'https:'], text('PUBLIC_URL')?.replace(/\/+$/, '') ?? '') || null,
    dataDirectory,
    reportsDirectory: text('BROADSHEET_REPORTS_DIR') ?? 'reports',
    secrets,
    adminToken,
    sources: readSources(reader),
    named: readNamed(reader, reach.objectStore.aws),
    jwt: {
      secret: jwtSecret,
      jwksUrl:
        reader.url('BROADSHEET_JWT_JWKS_URL', ['http:', 'https:'], text('BROADSHEET_JWT_JWKS_URL') ?? '') || null,
      issuer: text('BROADSHEET_JWT_ISSUER'),
      audience: text('BROADSHEET_JWT_AUDIENCE'),
    },
    storeUrl: reader.store('STORE_URL', `file:${dataDirectory}/documents`),
    corsOrigins: reader.origins('CORS_ORIGINS'),
    graphiql: flag('GRAPHIQL', !production),
    introspection,
    suggestions: flag('SUGGESTIONS', introspection),
    production,
    persistedOperations: text('PERSISTED_OPERATIONS'),
    workerConcurrency: whole('WORKER_CONCURRENCY', 4, 1, 64) as number,
    tenantMaxRunning: whole('TENANT_MAX_RUNNING', null, 1, 100_000),
    queueMax: whole('QUEUE_MAX', null, 1, 10_000_000),
    uploads: {
      maxBytes: whole('UPLOAD_MAX_BYTES', 52_428_800, 1, 5_000_000_000) as number,
      perUser: whole('UPLOADS_PER_USER', 50, 1, 10_000) as number,
    },
    drainSeconds: whole('DRAIN_SECONDS', 30, 0, 3_600) as number,
    deliveryTries: {
      most: whole('DELIVERY_TRIES', 10, 1, 100) as number,
      window: reader.span('DELIVERY_WINDOW', 'PT24H'),
    },
    rowRetention: days('ROW_RETENTION', 'P90D'),
    metricsToken,
    logLevel,
    tracing: readTracing(reader),
    reach,
    limits: readLimits(reader),
    badTokens: readBadTokens(reader),
    longestBody: whole('BODY_BYTES', 1_000_000, 1_000, 100_000_000) as number,
    longestFrame: whole('FRAME_BYTES', 65_536, 1_000, 10_000_000) as number,
  }
  checkObjectStores(reader, config.storeUrl, config.reach)
  if (reader.faults.length > 0) throw new StartupError(reader.faults)
  return frozen(config)
}

/** What one report needs that its author runs alone: no service's own database, no Redis, no secret. */
export interface AuthorSettings {
  readonly sources: Readonly<Record<string, string>>
  readonly named: NamedSettings
  readonly reportsDirectory: string
}

/** Throws one StartupError that lists every fault of these settings with its remedy. */
export function readAuthorSettings(environment: Environment = process.env): AuthorSettings {
  const reader = createReader(environment)
  const settings = {
    sources: readSources(reader),
    named: readNamed(reader, readAws(reader)),
    reportsDirectory: reader.text('BROADSHEET_REPORTS_DIR') ?? 'reports',
  }
  if (reader.faults.length > 0) throw new StartupError(reader.faults)
  return frozen(settings)
}

/** What the embedded default has to know before there is a whole Config. */
export interface EmbeddedSettings {
  readonly dataDirectory: string
  /** Null: brought by the embedded default. */
  readonly databaseUrl: string | null
  readonly redisUrl: string | null
  readonly secret: string | null
  readonly adminToken: string | null
  /** As written; null: none. */
  readonly sources: string | null
  /** Of the processes that are started: a person at a terminal reads lines, so by default only what is wrong. */
  readonly logLevel: string
}

/** The settings that decide what `npm start` has to bring along. Nothing is checked: the processes that it starts do that. */
export function readEmbeddedSettings(environment: Environment = process.env): EmbeddedSettings {
  const { text } = createReader(environment)
  return {
    dataDirectory: text('BROADSHEET_DATA_DIR') ?? '.data',
    databaseUrl: text('DATABASE_URL'),
    redisUrl: text('REDIS_URL'),
    secret: text('BROADSHEET_SECRET'),
    adminToken: text('BROADSHEET_ADMIN_TOKEN'),
    sources: text('BROADSHEET_SOURCES'),
    logLevel: text('LOG_LEVEL') ?? 'warn',
  }
}

/** The demo touches nothing of anybody's: whatever the environment names, it brings its own databases. */
export function readDemoSettings(environment: Environment = process.env): EmbeddedSettings {
  return { ...readEmbeddedSettings(environment), databaseUrl: null, redisUrl: null, sources: null }
}

/** This process's environment with some settings on top: for a process that it starts. */
export function environmentWith(settings: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ ...process.env, ...settings }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  )
}

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { StartupError } from '../../src/errors.ts'
import { STORE_SCHEMES } from '../../src/stores/index.ts'

const EXAMPLE = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')
/** Settings of docker-compose.yml itself: for its Postgres, and for how it stops a worker. */
const OF_COMPOSE = ['POSTGRES_PASSWORD', 'WORKER_STOP_GRACE']

/** Lines of the file that set something; `shown` is commented out, `example` says that it shows no default. */
const lines = EXAMPLE.split('\n').flatMap((line, index, all) => {
  const [, comment, name, value] = /^(# )?([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? []
  if (name === undefined || value === undefined) return []
  // What is said about a setting stands above it, and above its neighbours that follow without a word between.
  let above = index - 1
  while (/^(# )?[A-Z][A-Z0-9_]*=/.test(all[above] ?? '')) above -= 1
  return [
    {
      name,
      value: value.replace(/^'(.*)'$/, '$1'),
      shown: comment !== undefined,
      example: all[above]?.endsWith('Example:') ?? false,
      words: all[above] ?? '',
    },
  ]
})

const REQUIRED = {
  DATABASE_URL: 'postgres://a:b@localhost/c',
  REDIS_URL: 'redis://localhost:6379',
  BROADSHEET_SECRET: 'x'.repeat(32),
}

/** Every variable that reading the settings looks at. */
function namesRead(): string[] {
  const names = new Set<string>()
  const environment = new Proxy<Record<string, string | undefined>>(REQUIRED, {
    get(target, name) {
      names.add(String(name))
      return target[String(name)]
    },
  })
  readConfig(environment)
  return [...names].toSorted()
}

describe('.env.example', () => {
  test('has every setting of src/config.ts, and no other', () => {
    expect(
      lines
        .map(({ name }) => name)
        .filter((name) => !OF_COMPOSE.includes(name))
        .toSorted(),
    ).toEqual(namesRead())
  })

  test('says something about each', () => {
    for (const { name, words } of lines) expect(words, name).toMatch(/^# \S/)
  })

  test('has what must be given uncommented, and nothing else', () => {
    const given = lines.filter(({ shown }) => !shown).map(({ name }) => name)
    expect(given.toSorted()).toEqual(Object.keys(REQUIRED).toSorted())
  })

  test('gives no secret that would be taken', () => {
    const copied = Object.fromEntries(lines.filter(({ shown }) => !shown).map(({ name, value }) => [name, value]))
    expect(() => readConfig(copied)).toThrow(/BROADSHEET_SECRET is not set/)
  })

  test('shows the defaults as they are', () => {
    const shown = Object.fromEntries(
      lines.filter((line) => line.shown && !line.example).map(({ name, value }) => [name, value]),
    )
    expect(Object.keys(shown).length).toBeGreaterThan(7)
    expect(readConfig({ ...REQUIRED, ...shown })).toEqual(readConfig(REQUIRED))
  })

  test('shows examples that are right and change something', () => {
    const examples = lines.filter(({ example }) => example)
    for (const { name, words } of examples) {
      // Those that share their words stand together: a mail server is nothing without a sender.
      const together = Object.fromEntries(
        examples.filter((other) => other.words === words).map((other) => [other.name, other.value]),
      )
      expect(readConfig({ ...REQUIRED, ...together }), name).not.toEqual(
        readConfig(name === 'NODE_ENV' ? REQUIRED : { ...REQUIRED, NODE_ENV: 'production' }),
      )
    }
  })
})

describe('what deliveries may reach', () => {
  test('is read with its defaults', () => {
    const { reach } = readConfig({
      ...REQUIRED,
      BROADSHEET_BUCKETS: '{"exports":{"url":"s3://bucket/prefix"}}',
      BROADSHEET_WAREHOUSES: '{"main":{"url":"postgres://a:b@host/db","tables":["loads.*"],"roles":["ADMIN"]}}',
    })
    expect(reach.buckets).toEqual({ exports: { url: 's3://bucket/prefix', roles: ['ADMIN', 'MEMBER'] } })
    expect(reach.warehouses).toEqual({
      main: { url: 'postgres://a:b@host/db', tables: ['loads.*'], modes: ['APPEND'], roles: ['ADMIN'] },
    })
    const allow = ['hooks.internal:8080', '127.0.0.1:80', '[::1]:9000', '10.1.0.0/16', 'fd00::/8']
    expect(readConfig({ ...REQUIRED, WEBHOOK_ALLOW: allow.join(', ') }).reach.webhookAllow).toEqual(allow)
    expect(readConfig(REQUIRED).reach).toMatchObject({ downloads: 'proxy', smtp: null, buckets: {}, warehouses: {} })
  })

  test.each([
    ['DOWNLOADS', 'direct'],
    ['SMTP_URL', 'https://mail'],
    ['BROADSHEET_EMAIL_DOMAINS', 'nodots'],
    ['WEBHOOK_ALLOW', 'https://hooks.internal'],
    ['WEBHOOK_ALLOW', 'hooks.internal'],
    ['WEBHOOK_ALLOW', 'hooks.internal:70000'],
    ['WEBHOOK_ALLOW', '10.1.0.0/33'],
    ['WEBHOOK_ALLOW', '10.1/16'],
    ['WEBHOOK_ALLOW', '[fd00::1:80'],
    ['BROADSHEET_BUCKETS', 'exports'],
    ['BROADSHEET_BUCKETS', '{"exports":{"url":"https://bucket"}}'],
    ['BROADSHEET_BUCKETS', '{"exports":{"url":"s3://bucket/x","rolls":["ADMIN"]}}'],
    ['BROADSHEET_BUCKETS', '{"exports":{"url":"s3://bucket/x","roles":["VIEWER"]}}'],
    ['BROADSHEET_WAREHOUSES', '{"main":{"url":"postgres://h/db"}}'],
    ['BROADSHEET_WAREHOUSES', '{"main":{"url":"postgres://h/db","tables":["loads"]}}'],
    ['BROADSHEET_WAREHOUSES', '{"main":{"url":"postgres://h/db","tables":["a.b"],"modes":["TRUNCATE"]}}'],
  ])('%s: %s is refused by its name', (name, value) => {
    const from = name === 'SMTP_URL' ? { SMTP_FROM: 'a@example.com' } : {}
    expect(() => readConfig({ ...REQUIRED, ...from, [name]: value })).toThrow(new RegExp(`^${name}[^]*\\.$`))
  })
})

test('all faults are told at once', () => {
  const wrong = {
    DATABASE_URL: 'mysql://x',
    PORT: '70000',
    BROADSHEET_SECRET: 'short',
    BROADSHEET_SOURCES: '[',
    LOG_LEVEL: 'loud',
    STORE_URL: '/var/lib/documents',
    CORS_ORIGINS: 'https://app.example.com/',
  }
  try {
    readConfig(wrong)
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(StartupError)
    const { faults } = error as StartupError
    for (const name of [...Object.keys(wrong), 'REDIS_URL'])
      expect(
        faults.filter((fault) => fault.startsWith(name)),
        name,
      ).toHaveLength(1)
  }
})

test('an admin token that no header carries is refused at the start', () => {
  const whole = {
    DATABASE_URL: 'postgres://a@b/c',
    REDIS_URL: 'redis://r',
    BROADSHEET_SECRET: 's'.repeat(32),
    BROADSHEET_ADMIN_TOKEN: 'spaces are no good in this one, really',
  }
  expect(() => readConfig(whole)).toThrow(/BROADSHEET_ADMIN_TOKEN .* without spaces/)
  expect(readConfig({ ...whole, BROADSHEET_ADMIN_TOKEN: 'a'.repeat(40) }).adminToken).toBe('a'.repeat(40))
})

test.each([
  'app.example.com',
  'https://app.example.com/',
  'https://App.example.com',
  'https://a.example.com:443',
  '*',
  'null',
])('CORS_ORIGINS: %s is no origin that a browser sends', (origin) => {
  const setting = { ...REQUIRED, CORS_ORIGINS: `https://right.example.com, ${origin}` }
  expect(() => readConfig(setting)).toThrow(`CORS_ORIGINS has "${origin}"`)
})

test('CORS_ORIGINS takes origins with and without a port', () => {
  const { corsOrigins } = readConfig({ ...REQUIRED, CORS_ORIGINS: 'https://app.example.com, http://localhost:5173' })
  expect(corsOrigins).toEqual(['https://app.example.com', 'http://localhost:5173'])
})

test('STORE_URL begins with what the shelf of stores can open, and nothing else', () => {
  for (const scheme of STORE_SCHEMES) {
    const url = scheme === 's3' ? 's3://bucket/place' : `${scheme}:place`
    expect(readConfig({ ...REQUIRED, STORE_URL: url, AWS_REGION: 'eu-north-1' }).storeUrl).toBe(url)
    expect(() => readConfig({ ...REQUIRED, STORE_URL: `${scheme}:` })).toThrow(/STORE_URL is/)
  }
  expect(() => readConfig({ ...REQUIRED, STORE_URL: 'ftp://host/place' })).toThrow(
    `STORE_URL is "ftp://host/place", but must start with ${STORE_SCHEMES.map((scheme) => `${scheme}:`).join(' or ')},`,
  )
})

describe('an object store', () => {
  const STORE = { ...REQUIRED, STORE_URL: 's3://bucket/prefix' }

  test('is reached by AWS_* as its own tools are', () => {
    const { reach } = readConfig({
      ...STORE,
      S3_ENDPOINT: 'https://minio.internal:9000',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_DEFAULT_REGION: 'eu-north-1',
    })
    expect(reach.objectStore).toEqual({
      endpoint: 'https://minio.internal:9000',
      aws: {
        region: 'eu-north-1',
        keys: { id: 'id', secret: 'secret', sessionToken: null },
        profile: null,
        credentialsFile: null,
        configFile: null,
        role: null,
        container: null,
      },
    })
  })

  test.each([
    [{ STORE_URL: 's3:bucket' }, /^STORE_URL is "s3:bucket", but a bucket is written s3:\/\/bucket/],
    [{ STORE_URL: 's3://Bucket' }, /^STORE_URL is/],
    [{ AWS_REGION: '' }, /^AWS_REGION is not set/],
    [{ AWS_ACCESS_KEY_ID: 'id' }, /^AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together/],
    [{ STORE_URL: 'file:documents', DOWNLOADS: 'redirect' }, /^DOWNLOADS is "redirect"/],
  ])('%o is told at the start', (wrong, fault) => {
    expect(() => readConfig({ ...STORE, AWS_REGION: 'eu-north-1', ...wrong })).toThrow(fault)
    expect(readConfig({ ...STORE, AWS_REGION: 'eu-north-1', DOWNLOADS: 'redirect' }).reach.downloads).toBe('redirect')
  })
})

test('nothing of the settings can be changed', () => {
  const config = readConfig({
    ...REQUIRED,
    BROADSHEET_SOURCES: '{"main":"postgres://a@b/c"}',
    CORS_ORIGINS: 'https://a.example',
  })
  const loose: string[] = []
  const look = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    if (!Object.isFrozen(value)) loose.push(path)
    for (const [name, inner] of Object.entries(value)) look(inner, `${path}.${name}`)
  }
  look(config, 'config')
  expect(loose).toEqual([])
  expect(() => (config.secrets as string[]).push('another')).toThrow(TypeError)
})

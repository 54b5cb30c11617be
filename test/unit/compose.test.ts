import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../../src/config.ts'

const ROOT = new URL('../../', import.meta.url)
const TEXT = readFileSync(new URL('docker-compose.yml', ROOT), 'utf8')
const EXAMPLE = readFileSync(new URL('.env.example', ROOT), 'utf8')

interface Service {
  image?: string
  build?: string
  command?: string[]
  environment?: Record<string, string>
  healthcheck?: { test: string[] }
  restart?: string
  stop_grace_period?: string
}
const { services } = parse(TEXT, { merge: true }) as {
  services: Record<'postgres' | 'redis' | 'api' | 'worker', Service>
}

/** What must be set, with values that are good enough for the file and for the service. */
const ENVIRONMENT = {
  POSTGRES_PASSWORD: 'letters',
  HOST: '127.0.0.1',
  PUBLIC_URL: 'https://reports.example.com',
  BROADSHEET_SECRET: 'x'.repeat(32),
}
const settings = new Set([...EXAMPLE.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name))

/** The environment of a service as compose would fill it in. */
function filledIn({ environment = {} }: Service): Record<string, string> {
  const fill = (text: string) =>
    text.replaceAll(
      /\$\{([A-Z0-9_]+)(?::[-?][^}]*)?\}/g,
      (_, name: string) => (ENVIRONMENT as Record<string, string>)[name] ?? '',
    )
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, fill(value)]))
}

describe('docker-compose.yml', () => {
  test('asks for settings that there are', () => {
    const asked = [...TEXT.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name]) => name)
    expect(asked.length).toBeGreaterThan(10)
    expect(asked.filter((name) => !settings.has(name))).toEqual([])
  })

  test('gives API and worker settings that there are, and enough of them', () => {
    for (const service of [services.api, services.worker]) {
      expect(Object.keys(service.environment ?? {}).filter((name) => !settings.has(name))).toEqual([])
      expect(readConfig(filledIn(service))).toMatchObject({
        host: '0.0.0.0',
        port: 4000,
        publicUrl: 'https://reports.example.com',
        workerConcurrency: 4,
      })
    }
  })

  test('passes on every setting but those that the image decides', () => {
    const decided = ['BROADSHEET_DATA_DIR', 'BROADSHEET_REPORTS_DIR', 'NODE_ENV']
    const own = ['POSTGRES_PASSWORD', 'WORKER_STOP_GRACE'] // of compose: part of a URL, and how it stops a worker
    const passed = Object.keys(services.api.environment ?? {})
    expect([...passed, ...decided, ...own].toSorted()).toEqual([...settings].toSorted())
  })

  test('has no default for addresses and secrets', () => {
    for (const name of Object.keys(ENVIRONMENT)) {
      expect(TEXT, name).toContain(`\${${name}:?`)
      expect(TEXT, name).not.toContain(`\${${name}:-`)
    }
  })

  test('comes back after a fault, and knows when it is well', () => {
    for (const [name, service] of Object.entries(services)) expect(service.restart, name).toBe('unless-stopped')
    for (const [name, service] of Object.entries(services)) expect(service.healthcheck, name).toBeDefined()
    expect(services.api.healthcheck?.test.join(' ')).toContain('/readyz')
    expect(services.worker.healthcheck?.test).toEqual(['CMD', 'node', 'scripts/worker-health.ts'])
  })

  test('gives a worker as long to stop as it lets its reports run on, and more', () => {
    const [, grace = ''] = /:-(\d+)s\}$/.exec(services.worker.stop_grace_period ?? '') ?? []
    expect(Number(grace)).toBeGreaterThan(readConfig(filledIn(services.worker)).drainSeconds + 10)
  })

  test('builds what it runs, and does not look for it in a registry', () => {
    for (const service of [services.api, services.worker])
      expect([service.build, service.image]).toEqual(['.', 'broadsheet'])
  })

  test('alone says where the API listens: the image has no open address as its default', () => {
    expect(readFileSync(new URL('Dockerfile', ROOT), 'utf8')).not.toMatch(/^ENV\b.*\bHOST=/m)
    expect(services.api.environment?.['HOST']).toBe('0.0.0.0')
  })

  test('runs files that are in the image', () => {
    const image = readFileSync(new URL('.dockerignore', ROOT), 'utf8')
    for (const service of [services.api, services.worker]) {
      const [program, file = ''] = service.command ?? []
      expect(program).toBe('node')
      expect(() => readFileSync(new URL(file, ROOT))).not.toThrow()
      expect(image).toMatch(new RegExp(`^!${file.split('/')[0]}$`, 'm'))
      const asked = service.healthcheck?.test.find((word) => word.endsWith('.ts'))
      if (asked) expect(image).toMatch(new RegExp(`^!${asked}$`, 'm'))
    }
  })

  // docker-compose 1 is a program of its own, 2 a plugin of docker.
  const compose = [['docker-compose'], ['docker', 'compose']].find(
    ([program = '', ...words]) => spawnSync(program, [...words, 'version']).status === 0,
  )
  test.skipIf(!compose)('is taken by docker compose (needs docker compose)', () => {
    const [program = '', ...words] = compose ?? []
    const config = (environment: Record<string, string>) =>
      execFileSync(
        program,
        [...words, '--project-directory', '/tmp', '-f', new URL('docker-compose.yml', ROOT).pathname, 'config', '-q'],
        { env: { PATH: process.env['PATH'], ...environment }, stdio: 'pipe' },
      )
    config(ENVIRONMENT)
    expect(() => config({ ...ENVIRONMENT, BROADSHEET_SECRET: '' })).toThrow('openssl rand')
  })
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SignJWT } from 'jose'
import pg from 'pg'
import { environmentWith } from '../src/config.ts'
import { startPostgres } from '../src/embedded/postgres.ts'
import { startRedis } from '../src/embedded/redis.ts'
import { prepareShop } from '../src/embedded/shop/source.ts'

/** Who asks, in the pictures. */
export const PEOPLE = ['Ieva Petraitytė', 'Tomasz Nowak', 'Amélie Fournier', 'Jonas Kazlauskas'] as const
export type Person = (typeof PEOPLE)[number]

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const JWT_SECRET = 'the secret of an application that signs people in'
const SECRET = 'a secret of forty characters for these pictures'
const ADMIN_TOKEN = 'the-token-of-the-pictures-which-nobody-keeps'
/** So long may a start take, in milliseconds. */
const START = 120_000

/** A report that fails, as one does now and then. */
const MARGINS = `/*---
title: Margins by category
description: What is left of each euro, by category.
source: shop
tenancy: shared
---*/
select category, round(avg((price - cost) / (price - price)), 2) as margin from shop.products group by category`

/** The demo shop and the service before it, as `npm start` runs it, with a second worker beside; all in a directory that goes with it. */
export async function openOffice(say: (line: string) => void) {
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-pictures-'))
  await chmod(directory, 0o755)
  const closers: (() => unknown)[] = [() => rm(directory, { recursive: true, force: true })]
  const close = async () => {
    for (const closer of closers.splice(0).toReversed()) await closer()
  }
  try {
    const reports = join(directory, 'reports')
    await cp(join(ROOT, 'reports'), reports, { recursive: true })
    await writeFile(join(reports, 'margins.sql'), MARGINS)
    const redis = await startRedis({ dataDirectory: directory, say })
    closers.push(redis.stop)
    const postgres = await startPostgres({ dataDirectory: directory, say })
    closers.push(postgres.stop)
    say('Filling the demo shop')
    const shop = await prepareShop({ postgres, dataDirectory: directory })
    const databaseUrl = postgres.url('broadsheet')
    const run = (entry: string, env: Record<string, string> = {}) => {
      const child = spawn(process.execPath, [entry], {
        cwd: ROOT,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: environmentWith({
          NODE_ENV: 'production',
          PORT: '0',
          DATABASE_URL: databaseUrl,
          REDIS_URL: redis.url,
          BROADSHEET_DATA_DIR: directory,
          BROADSHEET_REPORTS_DIR: reports,
          BROADSHEET_SOURCES: JSON.stringify({ shop }),
          BROADSHEET_ADMIN_TOKEN: ADMIN_TOKEN,
          BROADSHEET_JWT_SECRET: JWT_SECRET,
          BROADSHEET_SECRET: SECRET,
          WORKER_CONCURRENCY: '2',
          STORE_URL: `file:${join(directory, 'documents')}`,
          RATE_LIMIT: '10000/s',
          LOG_LEVEL: 'warn',
          ...env,
        }),
      })
      let said = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
      closers.push(async () => {
        if (child.exitCode !== null) return
        const gone = once(child, 'exit')
        child.kill('SIGTERM')
        await gone
      })
      return { child, said: () => said }
    }
    const service = run('src/embedded/main.ts')
    const url = await waitFor(() => {
      if (service.child.exitCode !== null) throw new Error(`The service has ended:\n${service.said()}`)
      return /Broadsheet runs at (http\S+)\/graphql/.exec(service.said())?.[1]
    }, 'the service runs')

    async function sql<T extends object>(text: string, values: unknown[] = []): Promise<T[]> {
      const client = new pg.Client({ connectionString: databaseUrl })
      await client.connect()
      try {
        return (await client.query(text, values)).rows as T[]
      } finally {
        await client.end()
      }
    }

    async function tokenOf(person: Person): Promise<string> {
      const claims = { name: person, email: `${person.split(' ')[0]!.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()}@shop.example`, role: 'MEMBER' } // prettier-ignore
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(person)
        .setExpirationTime('1h')
        .sign(new TextEncoder().encode(JWT_SECRET))
    }

    async function ask<T>(query: string, variables: object, person?: Person): Promise<T> {
      const token = person === undefined ? ADMIN_TOKEN : await tokenOf(person)
      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables }),
      })
      const { data, errors } = (await answer.json()) as { data: T; errors?: unknown }
      if (errors) throw new Error(JSON.stringify(errors))
      return data
    }

    return { url, adminToken: ADMIN_TOKEN, ask, sql, close, startWorker: () => void run('worker/main.ts') }
  } catch (error) {
    await close()
    throw error
  }
}
export type Office = Awaited<ReturnType<typeof openOffice>>

/** The first answer of `fact` that is something, asked ten times a second. Throws after two minutes. */
export async function waitFor<T>(fact: () => T | Promise<T>, what: string): Promise<NonNullable<T>> {
  for (const end = performance.now() + START; performance.now() < end; await pause(100)) {
    const answer = await fact()
    if (answer) return answer
  }
  throw new Error(`Still not so after ${START / 1_000} s: ${what}.`)
}

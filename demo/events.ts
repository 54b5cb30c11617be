import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readAuthorSettings } from '../src/config.ts'
import { startup } from '../src/startup.ts'
import { terminal } from '../src/terminal.ts'
import { openEventsTable } from './events-table.ts'
import { requestEvents } from './request-events.ts'

/**
 * `npm run demo:events`: fills a local server of DynamoDB's protocol with 50,000 request events of the last 24 hours, for the report
 * type `visitors`. Where nobody answers at DYNAMODB_ENDPOINT, a dynalite is brought up there, in memory, until Ctrl-C.
 */

const EVENTS = 50_000
const TABLE = 'request-events'
const ENDPOINT = 'http://127.0.0.1:8000'
const DAY = 24 * 3600 * 1000
const INSTALL_WITHIN = 120_000
const ORACLES = fileURLToPath(new URL('../test/oracles/', import.meta.url))

await startup(async () => {
  const { named } = readAuthorSettings()
  const table = named.events?.kind === 'dynamodb' ? named.events.table : TABLE
  const endpoint = named.dynamodbEndpoint ?? ENDPOINT
  const { say, bar } = terminal()
  const server = (await answers(endpoint)) ? null : await bringUp(new URL(endpoint), say)
  const events = openEventsTable(endpoint, table)
  try {
    await events.create()
    const to = Date.now()
    const filled = bar(`Filling ${table}`)
    const written = await events.write(requestEvents(EVENTS, { from: to - DAY, to }), (count) =>
      filled(count / EVENTS, `${count} events`),
    )
    say(`${written} events of the last 24 hours are at ${endpoint}. Ask for them with`)
    say(`  export EVENTS_SOURCE=dynamodb:${table} DYNAMODB_ENDPOINT=${endpoint}`)
    say(`  npm run report -- visitors --last-minutes 60 --out visitors.csv`)
  } finally {
    events.close()
  }
  if (server === null) return
  say('The server keeps them in memory; Ctrl-C stops it.')
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      server.close()
      server.closeAllConnections()
    })
})

async function answers(endpoint: string): Promise<boolean> {
  return fetch(endpoint, { signal: AbortSignal.timeout(2_000) }).then(
    () => true,
    () => false,
  )
}

/** It is no part of the service, and so stands with the programs of the tests; installed on first use. */
async function bringUp({ hostname, port }: URL, say: (line: string) => void): Promise<Server> {
  if (!existsSync(`${ORACLES}node_modules/dynalite`)) {
    say('Installing dynalite into test/oracles')
    await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], { cwd: ORACLES, timeout: INSTALL_WITHIN })
  }
  const dynalite = createRequire(`${ORACLES}package.json`)('dynalite') as (options: object) => Server
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(Number(port || 80), hostname, resolve),
  )
  return server
}

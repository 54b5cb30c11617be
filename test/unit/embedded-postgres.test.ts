import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { commandsOf } from '../../src/embedded/commands.ts'
import { run } from '../../src/embedded/program.ts'
import { startPostgres, type EmbeddedPostgres, type PostgresOptions } from '../../src/embedded/postgres.ts'
import { soon } from '../../src/embedded/server.ts'

const root = process.getuid?.() === 0
const module = new URL('../../src/embedded/postgres.ts', import.meta.url).href

/** One cluster for the whole file; mkdtemp makes it 0700, so as root Postgres's own user can't pass through it. */
let directory: string
let running: EmbeddedPostgres | undefined
const children: ChildProcess[] = []

async function start(more: Partial<PostgresOptions> = {}): Promise<EmbeddedPostgres> {
  return (running = await startPostgres({ dataDirectory: directory, durable: false, ...more }))
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat()
  } finally {
    await client.end()
  }
}

/** A process of its own that starts Postgres there and stays; answers it and the URL once that is printed. */
async function elsewhere(dataDirectory: string, who: { uid?: number; gid?: number } = {}) {
  const code = `import { startPostgres } from ${JSON.stringify(module)}
    const postgres = await startPostgres({ dataDirectory: ${JSON.stringify(dataDirectory)}, durable: false })
    process.once('SIGTERM', () => postgres.stop().then(() => process.exit(0)))
    setInterval(() => undefined, 1000)
    console.log(postgres.url('broadsheet'))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    ...who,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, url: line.toString().trim() }
}

async function postmasterPid(data = directory): Promise<number> {
  return Number((await readFile(join(data, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0])
}

beforeAll(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'broadsheet-postgres-')), 'data of "today"')
  await start()
  await ask(running!.url('broadsheet'), 'CREATE TABLE kept (word text)')
  await ask(running!.url('broadsheet'), "INSERT INTO kept VALUES ('yesterday')")
  await running!.stop()
})
afterEach(async () => {
  await running?.stop()
  running = undefined
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(() => rm(join(directory, '..'), { recursive: true, force: true }))

describe('the embedded Postgres', () => {
  it('finds the data of the run before, in UTC and UTF8', async () => {
    const { url } = await start()
    expect(await ask(url('broadsheet'), 'SELECT word FROM kept')).toEqual(['yesterday'])
    expect(
      await ask(
        url('broadsheet'),
        `SELECT current_setting('TimeZone'), current_setting('server_encoding'), lower('ÀÉ') `,
      ),
    ).toEqual(['UTC', 'UTF8', 'àé'])
  })

  it('is durable unless told otherwise, in the time zone that was asked for', async () => {
    const { url } = await startPostgres({ dataDirectory: directory, timeZone: 'Australia/Lord_Howe' }).then(
      (postgres) => (running = postgres),
    )
    const settings = ['fsync', 'full_page_writes', 'synchronous_commit', 'TimeZone']
    const sql = `SELECT ${settings.map((name) => `current_setting('${name}')`).join(', ')}`
    expect(await ask(url('broadsheet'), sql)).toEqual(['on', 'on', 'on', 'Australia/Lord_Howe'])
  })

  it('gives the owner databases and roles but no superuser, and nobody anything without a password', async () => {
    const { url, port } = await start()
    expect(await ask(url('broadsheet'), 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user')).toEqual([false])
    await ask(url('broadsheet'), 'CREATE DATABASE "an other"')
    await ask(url('an other'), `CREATE ROLE reader LOGIN PASSWORD 'p@ss/word'`)
    expect(await ask(url('an other', 'reader', 'p@ss/word'), 'SELECT current_user')).toEqual(['reader'])
    await expect(ask(url('an other', 'reader', 'wrong'), 'SELECT 1')).rejects.toThrow(/password authentication failed/)
    await expect(ask(`postgres://postgres:postgres@127.0.0.1:${port}/postgres`, 'SELECT 1')).rejects.toThrow(
      /password authentication failed/,
    )
  })

  it('keeps its password readable by this user alone, and makes another when it was lost', async () => {
    const path = join(directory, 'postgres.password')
    const before = await readFile(path, 'utf8')
    expect((await stat(path)).mode & 0o077).toBe(0)
    await rm(path)
    const { url } = await start()
    expect(await readFile(path, 'utf8')).not.toBe(before)
    expect(await ask(url('broadsheet'), 'SELECT word FROM kept')).toEqual(['yesterday'])
  })

  it('answers a second start on the same directory with one line that names the holder', async () => {
    await start()
    const second = await startPostgres({ dataDirectory: directory }).catch((error: Error) => error)
    expect(second).toMatchObject({ code: 'STARTUP' })
    expect((second as Error).message).toMatch(
      new RegExp(`^The data directory .* is in use .*process ${process.pid}.*BROADSHEET_DATA_DIR.*$`),
    )
    expect(await ask(running!.url('broadsheet'), 'SELECT 1')).toEqual([1])
  })

  it('leaves no process behind when it stops, also with a transaction open; stopping twice is fine', async () => {
    const { url, stop } = await start()
    const pid = await postmasterPid()
    const idle = new Client({ connectionString: url('broadsheet') })
    idle.on('error', () => undefined)
    await idle.connect()
    await idle.query('BEGIN')
    await Promise.all([stop(), stop()])
    await stop()
    expect(await commandsOf((command) => command.pid === pid)).toEqual([])
  })

  it('says once when the server dies though nobody stopped it', async () => {
    const lost: string[] = []
    await start({ lost: (line) => lost.push(line) })
    process.kill(await postmasterPid(), 'SIGKILL')
    expect(await soon(() => lost.length > 0, 5000)).toBe(true)
    await running!.stop()
    expect(lost).toEqual([expect.stringMatching(/^The embedded Postgres ended \(SIGKILL\): see .*postgres\.log$/)])
  })

  it('starts again after its parent was killed, and nothing of the old server is left', async () => {
    const { child, url } = await elsewhere(directory)
    await ask(url, 'CREATE TABLE IF NOT EXISTS before_the_kill ()')
    const pid = await postmasterPid()
    child.kill('SIGKILL')
    await once(child, 'exit')
    await start()
    expect(await commandsOf((command) => command.pid === pid)).toEqual([])
    expect(await ask(running!.url('broadsheet'), `SELECT to_regclass('before_the_kill')::text`)).toEqual([
      'before_the_kill',
    ])
  })

  it('is out of reach of the terminal: Ctrl-C goes to the process group of its parent', async () => {
    await start()
    const pid = await postmasterPid()
    const { output } = await run('ps', ['-o', 'pgid=', '-p', String(pid)])
    expect(Number(output)).toBe(pid)
  })

  it.runIf(existsSync('/usr/bin/setpriv'))(
    'goes with its parent where the kernel can tie it, without another start',
    async () => {
      const { child } = await elsewhere(directory)
      const pid = await postmasterPid()
      child.kill('SIGKILL')
      expect(await soon(async () => (await commandsOf((command) => command.pid === pid)).length === 0, 5000)).toBe(true)
    },
  )

  it('stops a server that an earlier run left running, and says so', async () => {
    await start()
    const pid = await postmasterPid()
    const [program = '', ...args] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1)
    const cluster = join(directory, 'postgres')
    const { uid, gid } = await stat(cluster)
    await running!.stop()
    const orphan = spawn(program, args, { uid, gid, cwd: cluster, stdio: 'ignore', detached: true })
    children.push(orphan)
    expect(
      await soon(
        async () => (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).includes('ready'),
        5000,
      ),
    ).toBe(true)

    const said: string[] = []
    await start({ say: (line) => said.push(line) })
    expect(said).toEqual(['Stopped the Postgres that an earlier Broadsheet left running here'])
    expect(orphan.exitCode).toBe(0)
    expect(await ask(running!.url('broadsheet'), 'SELECT word FROM kept')).toEqual(['yesterday'])
  })

  it('is not held up by a stale postmaster.pid whose process id another program has by now', async () => {
    await start()
    process.kill(await postmasterPid(), 'SIGKILL')
    await running!.stop()
    const { uid, gid } = await stat(join(directory, 'postgres'))
    const stranger = spawn('sleep', ['60'], { uid, gid, stdio: 'ignore' })
    children.push(stranger)
    const path = join(directory, 'postgres', 'postmaster.pid')
    await writeFile(path, (await readFile(path, 'utf8')).replace(/^\d+/, String(stranger.pid)))
    await start()
    expect(stranger.exitCode).toBeNull()
    expect(await ask(running!.url('broadsheet'), 'SELECT word FROM kept')).toEqual(['yesterday'])
  })

  it.runIf(root)('runs as an ordinary user too, as that user', async () => {
    const [uid, gid] = [65534, 65534]
    const own = await mkdtemp(join(tmpdir(), 'broadsheet-ordinary-'))
    try {
      await chown(own, uid, gid)
      const { child, url } = await elsewhere(join(own, 'data'), { uid, gid })
      expect(await ask(url, 'SELECT current_user::text')).toEqual(['broadsheet'])
      expect((await stat(`/proc/${await postmasterPid(join(own, 'data'))}`)).uid).toBe(uid)
      child.kill('SIGTERM')
      expect(await once(child, 'exit')).toEqual([0, null])
    } finally {
      await rm(own, { recursive: true, force: true })
    }
  })
})

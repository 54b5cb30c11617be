import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commandsOf } from '../../src/embedded/commands.ts'
import { onPath } from '../../src/embedded/program.ts'
import { redisProgram } from '../../src/embedded/redis-program.ts'
import { startRedis, type EmbeddedRedis, type RedisOptions } from '../../src/embedded/redis.ts'
import { soon } from '../../src/embedded/server.ts'

const module = new URL('../../src/embedded/redis.ts', import.meta.url).href
const PATH = process.env['PATH']

let directory: string
let running: EmbeddedRedis | undefined
const children: ChildProcess[] = []

async function start(more: Partial<RedisOptions> = {}): Promise<EmbeddedRedis> {
  return (running = await startRedis({ dataDirectory: directory, ...more }))
}

async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return await use(redis)
  } finally {
    redis.disconnect()
  }
}

const serverPid = (url: string) =>
  withRedis(url, async (redis) => Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1]))

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'broadsheet-redis-')), 'data of "today"')
})
afterEach(async () => {
  process.env['PATH'] = PATH
  await running?.stop()
  running = undefined
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(dirname(directory), { recursive: true, force: true })
})

describe('the embedded Redis', () => {
  it('finds the data of the run before, and leaves no process behind when it stops', async () => {
    const first = await start()
    await withRedis(first.url, (redis) => redis.set('kept', 'yesterday'))
    const pid = await serverPid(first.url)
    await Promise.all([first.stop(), first.stop()])
    expect(await commandsOf((command) => command.pid === pid)).toEqual([])
    const second = await start()
    expect(await withRedis(second.url, (redis) => redis.get('kept'))).toBe('yesterday')
  })

  it('takes nobody without its password, which this user alone may read', async () => {
    const { url, port } = await start()
    const bare = connect(port, '127.0.0.1', () => bare.write('GET kept\r\n'))
    const [answer] = (await once(bare, 'data')) as [Buffer]
    bare.destroy()
    expect(answer.toString()).toMatch(/^-NOAUTH/)
    const secret = decodeURIComponent(new URL(url).password)
    for (const name of ['redis.password', 'redis.conf'])
      expect((await stat(join(directory, name))).mode & 0o077).toBe(0)
    const pid = await serverPid(url)
    expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(secret)
  })

  it('answers a second start on the same directory with one line that names the holder', async () => {
    await start()
    const second = await startRedis({ dataDirectory: directory }).catch((error: Error) => error)
    expect((second as Error).message).toMatch(
      new RegExp(`^The data directory .* is in use .*process ${process.pid}.*$`),
    )
  })

  it('takes the port it is told, and says why it does not start when another program has it', async () => {
    const other = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    await expect(start({ port, durable: false })).rejects.toThrow(
      /^The embedded Redis did not start[^]*Address already in use/,
    )
    other.close()
    await once(other, 'close')
    expect((await start({ port, durable: false })).port).toBe(port)
  })

  it('starts again after its parent was killed, and nothing of the old server is left', async () => {
    const code = `import { startRedis } from ${JSON.stringify(module)}
      const redis = await startRedis({ dataDirectory: ${JSON.stringify(directory)} })
      setInterval(() => undefined, 1000)
      console.log(redis.url)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(parent)
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = await serverPid(line.toString().trim())
    await withRedis(line.toString().trim(), (redis) => redis.set('before', 'the kill'))
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    const { url } = await start()
    expect(await commandsOf((command) => command.pid === pid)).toEqual([])
    expect(await withRedis(url, (redis) => redis.get('before'))).toBe('the kill')
  })

  it('stops a server that an earlier run left running, and says so', async () => {
    await (await start()).stop()
    const program = await redisProgram(directory, () => undefined)
    const orphan = spawn(program, [join(directory, 'redis.conf')], { stdio: 'ignore', detached: true })
    children.push(orphan)
    // Redis rewrites its command line when it is up: from then on only the title's template tells where it belongs.
    const titled = (line: string) => line.includes(join(directory, 'redis.conf')) && /:\d+$/.test(line)
    expect(await soon(async () => (await commandsOf(({ line }) => titled(line))).length === 1, 5000)).toBe(true)
    const said: string[] = []
    await start({ say: (line) => said.push(line) })
    expect(said).toEqual(['Stopped the Redis that an earlier Broadsheet left running here'])
    expect(orphan.exitCode).toBe(0)
  })

  it('says once when the server dies though nobody stopped it', async () => {
    const lost: string[] = []
    const { url } = await start({ durable: false, lost: (line) => lost.push(line) })
    process.kill(await serverPid(url), 'SIGKILL')
    expect(await soon(() => lost.length > 0, 5000)).toBe(true)
    expect(lost).toEqual([expect.stringMatching(/^The embedded Redis ended \(SIGKILL\): see .*redis\.log$/)])
  })
})

describe('where no Redis is on PATH', () => {
  it('apt-get installs the tools, after an update when it has to; their redis-check-rdb serves', async () => {
    const real = (await onPath('redis-check-rdb')) ?? (await onPath('valkey-check-rdb')) ?? 'none'
    const bin = dirname(directory)
    const calls = join(bin, 'calls')
    // As a fresh machine: the first install finds no package, the one after the update does.
    await writeFile(
      join(bin, 'apt-get'),
      `#!/bin/sh\necho "$@" >> "${calls}"\n/usr/bin/test "$1" = update && exit 0\n` +
        `/usr/bin/grep -q ^update "${calls}" || exit 100\n/bin/ln -s "${real}" "${bin}/redis-check-rdb"\n`,
    )
    await writeFile(join(bin, 'sudo'), '#!/bin/sh\nshift\nexec "$@"\n')
    await symlink('/usr/bin/env', join(bin, 'env'))
    await symlink('/usr/bin/true', join(bin, 'true'))
    await chmod(join(bin, 'apt-get'), 0o755)
    await chmod(join(bin, 'sudo'), 0o755)
    process.env['PATH'] = bin

    const said: string[] = []
    const { url } = await start({ durable: false, say: (line) => said.push(line) })
    expect(await withRedis(url, (redis) => redis.ping())).toBe('PONG')
    expect(said).toEqual(['There is no Redis on PATH: installing it (apt-get install redis-tools)'])
    expect((await readFile(calls, 'utf8')).split('\n').map((call) => call.split(' ')[0])).toEqual([
      'install',
      'update',
      'install',
      '',
    ])
  })

  it('and no apt-get either, the start ends with one line that tells the command', async () => {
    process.env['PATH'] = dirname(directory)
    const fault = await redisProgram(directory, expect.unreachable).catch((error: Error) => error)
    expect((fault as Error).message).toMatch(
      /^Broadsheet needs Redis or Valkey, .* run ".*install.*", or set REDIS_URL\.$/,
    )
  })
})

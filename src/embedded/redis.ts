import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { claimDataDirectory, keptPassword, openDataDirectory } from './data-directory.ts'
import { listen } from './listen.ts'
import { redisProgram } from './redis-program.ts'
import { stopOrphans, type Farewell } from './server.ts'

export interface EmbeddedRedis {
  /** With the password. */
  url: string
  port: number
  /** Writes out what it holds and ends; at most 12 s, the last of it SIGKILL. Safe to call again. */
  stop(): Promise<void>
}

export interface RedisOptions {
  /** Kept under `<dataDirectory>/redis`; made where it is missing. */
  dataDirectory: string
  /** Takes lines for the terminal: what takes long or is out of the ordinary. */
  say?(line: string): void
  /** Default true: every write goes to the append-only file, which is synced every second. False (tests): memory alone. */
  durable?: boolean
  /** Default: a free one. */
  port?: number
  /** Called once with one line when the server ends though nobody stopped it. */
  lost?(line: string): void
}

const FAREWELL: Farewell = [
  ['SIGTERM', 10_000],
  ['SIGKILL', 2_000],
]

/**
 * Starts a Redis or Valkey from PATH on 127.0.0.1. One that an earlier, killed process left running here is stopped first.
 *
 * @throws StartupError when the data directory is in use, or there is no Redis; the message names the remedy
 */
export async function startRedis(options: RedisOptions): Promise<EmbeddedRedis> {
  const directory = await openDataDirectory(options.dataDirectory)
  const claim = await claimDataDirectory(directory, 'redis')
  try {
    const { server, port, password } = await start(directory, options)
    return {
      url: `redis://:${password}@127.0.0.1:${port}`,
      port,
      async stop() {
        await server.stop()
        claim.release()
      },
    }
  } catch (error) {
    claim.release()
    throw error
  }
}

async function start(directory: string, options: RedisOptions) {
  const { say = () => undefined, durable = true, lost = () => undefined } = options
  const program = await redisProgram(directory, say)
  const { password } = await keptPassword(directory, 'redis.password')
  const data = join(directory, 'redis')
  const config = join(directory, 'redis.conf')
  await mkdir(data, { recursive: true, mode: 0o700 })

  // proc-title-template keeps the path of the configuration in the command line, which Redis else rewrites.
  const ours = (line: string) =>
    /(redis|valkey)-server$/.test(line.split(` ${config}`, 1)[0] ?? '') && line.includes(` ${config}`)
  if ((await stopOrphans(({ line }) => ours(line), FAREWELL)) > 0) {
    say('Stopped the Redis that an earlier Broadsheet left running here')
  }

  const { server, port } = await listen({
    name: 'The embedded Redis',
    port: options.port,
    passing: /Address already in use/,
    lost,
    ready: (chosen) => answers(chosen, password),
    async launch(chosen) {
      // A file, not arguments: every user of the machine can read those, and it holds the password.
      await writeFile(config, configuration({ port: chosen, password, data, durable }), { mode: 0o600 })
      return { program, args: [config], cwd: data, log: join(directory, 'redis.log'), farewell: FAREWELL }
    },
  })
  return { server, port, password }
}

function configuration({
  port,
  password,
  data,
  durable,
}: {
  port: number
  password: string
  data: string
  durable: boolean
}): string {
  const quoted = `"${data.replace(/[\\"]/g, '\\$&')}"`
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    'protected-mode yes',
    `requirepass ${password}`,
    `dir ${quoted}`,
    `appendonly ${durable ? 'yes' : 'no'}`,
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    'daemonize no',
    'loglevel warning',
    'proc-title-template "{title} {config-file} {listen-addr}"',
  ]
  return `${lines.join('\n')}\n`
}

/** Whether this password is taken and a PING answered: not by a stranger on that port, and not while data is loading. */
function answers(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let heard = ''
    const done = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(500, () => done(false))
    socket.once('error', () => done(false))
    socket.once('close', () => done(false))
    socket.once('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`))
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
      if (heard === '+OK\r\n+PONG\r\n') done(true)
      else if (heard.includes('-')) done(false)
    })
  })
}

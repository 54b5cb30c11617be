import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { inject } from 'vitest'
import { until } from './until.ts'

/** A Redis that a test may stop, freeze and start again on the same port, with nothing kept. */
export interface OwnRedis {
  readonly url: string
  start(): Promise<void>
  stop(): Promise<void>
  freeze(): void
  thaw(): void
}

/** Chooses a free port; starts the server unless told otherwise. */
export async function ownRedis(options: { started?: boolean } = {}): Promise<OwnRedis> {
  const port = await freePort()
  let server: ChildProcess | undefined
  const own: OwnRedis = {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      server = spawn(
        inject('redisProgram'),
        ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
        {
          stdio: 'ignore',
          cwd: '/tmp',
        },
      )
      await until(() => answers(port), { what: 'redis-server answers' })
    },
    async stop() {
      const ending = server
      server = undefined
      if (!ending || ending.exitCode !== null) return
      const ended = once(ending, 'exit')
      ending.kill('SIGKILL')
      await ended
    },
    freeze: () => void server?.kill('SIGSTOP'),
    thaw: () => void server?.kill('SIGCONT'),
  }
  if (options.started !== false) await own.start()
  return own
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString().startsWith('+PONG'))
    })
    socket.once('error', () => resolve(false))
  })
}

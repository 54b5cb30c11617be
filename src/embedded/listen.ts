import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { StartupError } from '../errors.ts'
import { soon, startServer, type Launch, type Server } from './server.ts'

/** Long enough to replay the log of a large database after a crash. */
const READY_WITHIN = 120_000
const TRIES = 5

/**
 * Starts a server on a port of 127.0.0.1 and waits until it is ready: a given port, else a free one. A port that another
 * program takes in between, or what else `passing` knows to pass, is tried again.
 *
 * @throws StartupError with the last lines of the server's log
 */
export async function listen(options: {
  name: string
  port: number | undefined
  launch(port: number): Promise<Omit<Launch, 'lost'>>
  ready(port: number, server: Server): Promise<boolean>
  /** In the last lines of the log of a server that ended before it was ready. */
  passing: RegExp
  /** Called with one line when the server ends after it was ready and nobody stopped it. */
  lost(line: string): void
}): Promise<{ server: Server; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort())
    const launch = await options.launch(port)
    let serving = false
    const server = await startServer({
      ...launch,
      lost(how) {
        if (serving) options.lost(`${options.name} ended (${how}): see ${launch.log}`)
      },
    })
    let ready = false
    await soon(async () => server.ended() !== undefined || (ready = await options.ready(port, server)), READY_WITHIN)
    serving = server.ended() === undefined && ready
    if (serving) return { server, port }
    if (server.ended() === undefined) {
      await server.stop()
      throw new StartupError([`${options.name} was not ready within ${READY_WITHIN / 1000} s: see ${launch.log}`])
    }
    const why = await lastLines(launch.log)
    if (!options.passing.test(why) || attempt === TRIES) {
      throw new StartupError([`${options.name} did not start (${server.ended()}), see ${launch.log}:\n${why}`])
    }
    await pause(300)
  }
}

/** A TCP port that nothing listens on now; who uses it may still lose the race for it. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}

async function lastLines(log: string): Promise<string> {
  const text = await readFile(log, 'utf8')
  return text.trimEnd().split('\n').slice(-8).join('\n')
}

import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** A way to a server that a test may close and open again, on the same port. */
export interface Proxy {
  readonly port: number
  /** Cuts all connections and refuses new ones. */
  close(): Promise<void>
  open(): Promise<void>
  /** The connections that are there stay open, and nothing goes through any more; new ones work. */
  swallow(): void
}

/** `host` may be the directory of a Unix socket, as in Postgres' URLs. */
export async function openProxy(target: { host: string; port: number }): Promise<Proxy> {
  const pairs = new Set<Socket>()
  let server: Server | undefined
  let port = 0

  async function open(): Promise<void> {
    server = createServer((near) => {
      const far = connect(target.host.startsWith('/') ? { path: `${target.host}/.s.PGSQL.${target.port}` } : target)
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        pairs.add(one)
        one.pipe(other)
        one.on('error', () => other.destroy())
        one.on('close', () => {
          pairs.delete(one)
          other.destroy()
        })
      }
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }

  await open()
  return {
    get port() {
      return port
    },
    open,
    swallow() {
      for (const socket of pairs) {
        socket.unpipe()
        // Read and thrown away, so that the sender's buffers never fill.
        socket.resume()
      }
    },
    async close() {
      if (!server) return
      const closed = once(server, 'close')
      server.close()
      server = undefined
      for (const socket of pairs) socket.destroy()
      await closed
    },
  }
}

import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import { createServer as createSafeServer } from 'node:https'
import type { AddressInfo, Server as PlainServer, Socket } from 'node:net'
import { createWebhook } from '../../src/channels/webhook.ts'
import type { Handover, Outcome } from '../../src/channels/channel.ts'
import type { Lookup } from '../../src/channels/webhook-lookup.ts'
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.ts'
import { handoverOf } from './outcome.ts'

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly url: string
}

/** Real receivers of webhooks on loopback, and channels that may reach them. All of it ends with `close`. */
export function createReceivers() {
  const closers: (() => Promise<unknown>)[] = []

  /** Port of a server that now listens; `host` is one of loopback's. */
  function listening(server: Server | PlainServer, host = '127.0.0.1', port = 0): Promise<number> {
    const sockets = new Set<Socket>()
    server.on('connection', (socket: Socket) => sockets.add(socket))
    closers.push(() => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    })
    return new Promise((resolve) => server.listen(port, host, () => resolve((server.address() as AddressInfo).port)))
  }

  return {
    listening,

    /** Keeps what it received, and answers as told. `safe`: by HTTPS. */
    async receiver(answer: RequestListener = (_, response) => response.writeHead(204).end(), safe = false) {
      const received: Received[] = []
      const listener: RequestListener = (request, response) => {
        const chunks: Buffer[] = []
        request.on('data', (chunk: Buffer) => chunks.push(chunk))
        request.on('end', () => {
          received.push({ headers: request.headers, body: Buffer.concat(chunks).toString(), url: request.url ?? '' })
          answer(request, response)
        })
      }
      const server = safe
        ? createSafeServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, listener)
        : createServer(listener)
      const port = await listening(server)
      return { received, port, url: `http${safe ? 's' : ''}://127.0.0.1:${port}/hook?x=1` }
    },

    /** May reach loopback unless told otherwise. */
    channel(more: Partial<Parameters<typeof createWebhook>[0]> = {}) {
      const webhook = createWebhook({ allow: ['127.0.0.0/8'], ...more })
      closers.push(() => webhook.close())
      return webhook
    },

    async close() {
      while (closers.length > 0) await closers.pop()!()
    },
  }
}

/** A lookup by which every name leads there. */
export function answering(...addresses: string[]): Lookup {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  return (_, __, callback) => setImmediate(() => callback(null, found))
}

export function signedHandover(outcome: Partial<Outcome> = {}, more: Partial<Handover> = {}): Handover {
  return handoverOf(outcome, { secret: SECRET, ...more })
}

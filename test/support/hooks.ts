import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: any
  /** Monotonic milliseconds. */
  readonly at: number
}

/**
 * A receiver of webhooks on this machine. The path says how it answers: /200, /500, /410 with that status, /silent never,
 * /first-silent never the first time, /after/250 after so many milliseconds, /switch with what `hooks.answer` says at that moment.
 */
export async function startHooks() {
  const received: Received[] = []
  const open = new Set<ServerResponse>()
  const hooks = { answer: 200 }
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const path = request.url ?? ''
      received.push({
        path,
        headers: request.headers,
        body: JSON.parse(Buffer.concat(chunks).toString() || 'null'),
        at: performance.now(),
      })
      open.add(response)
      response.once('close', () => open.delete(response))
      if (path.startsWith('/silent')) return
      if (path.startsWith('/first-silent') && received.filter((each) => each.path === path).length === 1) return
      const [, after] = /^\/after\/(\d+)/.exec(path) ?? []
      const status = path.startsWith('/switch') ? hooks.answer : Number(/^\/(\d{3})/.exec(path)?.[1] ?? 200)
      const answer = () => response.writeHead(status).end('what it says is nobody’s business')
      if (after) setTimeout(answer, Number(after))
      else answer()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return Object.assign(hooks, {
    port,
    /** For WEBHOOK_ALLOW. */
    place: `127.0.0.1:${port}`,
    received,
    url: (path: string) => `http://127.0.0.1:${port}${path}`,
    /** Requests that have not been answered. */
    get waiting() {
      return open.size
    },
    async close() {
      for (const response of open) response.destroy()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  })
}
export const WEBHOOK_SECRET = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`

import { once } from 'node:events'
import { createServer, request as ask, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** An answer on its way back. */
export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Buffer
  /** The connection is cut behind so many bytes; what the headers say stays. */
  cutAfter?: number
}

/** What becomes of an answer; `request` is what was asked. Undefined: nothing. */
export type Meddling = (answer: Answer, request: IncomingMessage) => Answer | undefined

/** An HTTP way to a server, whose answers a test may change. `meddle` is asked for each until it is set anew. */
export async function openMeddler() {
  let port = 0
  let meddle: Meddling = () => undefined
  const server = createServer(async (request, response) => {
    const outgoing = ask({
      port,
      host: '127.0.0.1',
      path: request.url,
      method: request.method,
      headers: { ...request.headers, connection: 'close' },
    })
    outgoing.end(await buffer(request))
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
    const plain: Answer = {
      status: incoming.statusCode as number,
      headers: incoming.headers,
      body: await buffer(incoming),
    }
    const { status, headers, body, cutAfter } = meddle(plain, request) ?? plain
    const { 'transfer-encoding': _, connection: __, ...kept } = headers
    response.writeHead(status, { 'content-length': body.length, ...kept })
    if (cutAfter === undefined) response.end(body)
    else response.write(body.subarray(0, cutAfter), () => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (target: number) => void (port = target),
    meddle: (how: Meddling) => void (meddle = how),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

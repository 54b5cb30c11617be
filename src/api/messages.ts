import type { RawData, WebSocket, WebSocketServer } from 'ws'

/** How many seconds' worth of messages above its rate a socket may send until it is closed. */
const PATIENCE = 5
/** How long a client may go on sending on a socket that was told to close, in milliseconds. */
const GOODBYE_WITHIN = 1_000

/**
 * Stands between the sockets and graphql-ws, which takes whatever comes: counts messages, ends a socket that goes on and on above
 * its rate, and hands on nothing any more from one that is closing. `take` answers 0, or the milliseconds until a message of
 * this socket may come. Register it behind graphql-ws.
 */
export function guardMessages({
  sockets,
  take,
  patience,
  end,
}: {
  sockets: WebSocketServer
  take(socket: WebSocket, name: string): number
  /** Messages that the socket may send in a second. */
  patience(socket: WebSocket): number
  end(socket: WebSocket): void
}) {
  const waits = new WeakMap<WebSocket, number>()
  let opened = 0

  sockets.on('connection', (socket) => {
    const name = `socket:${(opened += 1)}`
    const handlers = socket.listeners('message') as ((data: RawData, isBinary: boolean) => void)[]
    // Fills by one with each message too many, and empties at the socket's rate.
    let above = 0
    let since = performance.now()
    let leaving: NodeJS.Timeout | undefined
    socket.removeAllListeners('message')
    socket.on('message', (data, isBinary) => {
      if (socket.readyState !== socket.OPEN) {
        leaving ??= setTimeout(() => socket.terminate(), GOODBYE_WITHIN)
        return
      }
      const wait = take(socket, name)
      if (wait > 0) {
        const now = performance.now()
        above = Math.max(0, above - ((now - since) / 1_000) * patience(socket)) + 1
        since = now
        if (above > PATIENCE * patience(socket)) return end(socket)
      }
      waits.set(socket, wait)
      for (const handle of handlers) handle.call(socket, data, isBinary)
    })
    socket.once('close', () => clearTimeout(leaving))
  })

  return {
    /** Of the message that is being handled, until the first await: how many milliseconds it came too early. */
    late: (socket: WebSocket): number => waits.get(socket) ?? 0,
  }
}

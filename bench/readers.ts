import { WebSocket } from 'ws'

/** Microseconds on the machine's monotonic clock: the same in every process. */
export function clock(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

/** Many sockets that do as little as they can with a frame: the time in it, and whether it was the last. */
export interface Readers {
  /** Microseconds from publish to here, of each frame since the last call. */
  take(): number[]
  received(): number
  /** Readers that have seen the terminal event. */
  ended(): number
  close(): Promise<void>
}

/** `ids[n]` is what the n-th reader watches. `token` null: the plain server. Resolves when all have asked. */
export async function openReaders(url: string, ids: readonly string[], token: string | null): Promise<Readers> {
  let latencies: number[] = []
  let received = 0
  let ended = 0
  const hear = (text: string) => {
    const at = text.indexOf('"bytesWritten":')
    if (at < 0) return
    received++
    // The snapshot of a row has no time in it.
    const time = Number.parseInt(text.slice(at + 15), 10)
    if (time > 0) latencies.push(clock() - time)
    if (text.includes('"SUCCEEDED"')) ended++
  }
  const sockets: WebSocket[] = []
  for (let from = 0; from < ids.length; from += 50)
    sockets.push(...(await Promise.all(ids.slice(from, from + 50).map((id) => open(url, id, token, hear)))))
  return {
    take: () => latencies.splice(0),
    received: () => received,
    ended: () => ended,
    async close() {
      await Promise.all(
        sockets.map((socket) => {
          const closed = new Promise((resolve) => socket.once('close', resolve))
          socket.close()
          return closed
        }),
      )
    },
  }
}

function open(url: string, id: string, token: string | null, hear: (text: string) => void): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = token === null ? new WebSocket(url) : new WebSocket(url, 'graphql-transport-ws')
    socket.on('error', reject)
    socket.on('open', () => {
      if (token === null) {
        socket.send(id)
        socket.on('message', (data) => hear(String(data)))
        return resolve(socket)
      }
      socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } }))
    })
    if (token === null) return
    const query = 'subscription ($id: ID!) { reportProgress(id: $id) { sequence status bytesWritten } }'
    socket.on('message', (data) => {
      const text = String(data)
      if (text.startsWith('{"type":"connection_ack"'))
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables: { id } } }))
      else if (text.includes('"type":"ping"')) socket.send('{"type":"pong"}')
      else {
        hear(text)
        resolve(socket) // the snapshot: from here on nothing is missed
      }
    })
  })
}

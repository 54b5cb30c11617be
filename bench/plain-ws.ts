import { Redis } from 'ioredis'
import { WebSocketServer } from 'ws'
import { decodeChange, reportChannel } from '../src/progress/event.ts'

/**
 * The baseline of the fan-out: a bare ws server in a process of its own that hands what it hears on Redis to whoever said
 * the report's id, in the frames of graphql-transport-ws. No authorisation, no snapshot, no GraphQL, nothing kept.
 */
const redis = new Redis(process.argv[2] as string)
const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' })
const readers = new Map<string, Set<import('ws').WebSocket>>()

redis.on('message', (channel: string, text: string) => {
  const change = decodeChange(text)
  if (!change) return
  const { sequence, status, bytesWritten } = change.event
  const frame = JSON.stringify({
    id: '1',
    type: 'next',
    payload: { data: { reportProgress: { sequence, status, bytesWritten } } },
  })
  for (const socket of readers.get(channel) ?? []) socket.send(frame)
})
sockets.on('connection', (socket) => {
  socket.once('message', (data) => {
    const channel = reportChannel(String(data))
    const known = readers.get(channel)
    if (known) known.add(socket)
    else {
      readers.set(channel, new Set([socket]))
      void redis.subscribe(channel)
    }
    socket.on('close', () => readers.get(channel)?.delete(socket))
  })
})
sockets.on('listening', () => process.send?.({ port: (sockets.address() as { port: number }).port }))
process.on('disconnect', () => process.exit())

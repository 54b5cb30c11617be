import { createSocket } from 'node:dgram'
import type { AddressInfo } from 'node:net'

/**
 * A real DNS server on loopback for questions of type A; to all others it answers that there is nothing. `answer`: the address by
 * the name and how often it was asked before, `null` for a name that nobody has, `undefined` for no answer at all.
 */
export async function createNameServer(answer: (name: string, before: number) => string | null | undefined) {
  const asked = new Map<string, number>()
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    const labels: string[] = []
    let at = 12
    for (let length = query[at]!; length > 0; at += length + 1, length = query[at]!)
      labels.push(query.subarray(at + 1, at + 1 + length).toString())
    const name = labels.join('.')
    const question = query.subarray(12, at + 5)
    const isA = query.readUInt16BE(at + 1) === 1
    const before = asked.get(name) ?? 0
    const found = answer(name, before)
    if (isA) asked.set(name, before + 1)
    if (found === undefined) return
    const record = found !== null && isA ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...found.split('.').map(Number)]) : Buffer.alloc(0) // prettier-ignore
    const head = Buffer.from([0, 0, 0x81, found === null ? 0x83 : 0x80, 0, 1, 0, record.length > 0 ? 1 : 0, 0, 0, 0, 0])
    query.copy(head, 0, 0, 2)
    socket.send(Buffer.concat([head, question, record]), port, address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', () => resolve()))
  const { port } = socket.address() as AddressInfo
  return {
    servers: [`127.0.0.1:${port}`],
    /** How often the name was asked for. */
    asked: (name: string) => asked.get(name) ?? 0,
    close: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  }
}

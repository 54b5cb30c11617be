import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { createDownload } from '../../src/api/download.ts'
import { createLog } from '../../src/log.ts'
import { until } from '../support/until.ts'

const SIZE = 64 * 1024 * 1024
const ID = '019a0000-0000-7000-8000-000000000000'

/** The bytes of a document that is larger than any buffer on the way, and whether they were given back. */
function endless(): Readable {
  const chunk = Buffer.alloc(64 * 1024)
  return new Readable({ read() { this.push(chunk) } }) // prettier-ignore
}

test('a reader that stops reading holds its file no longer than it may', async () => {
  const bytes = endless()
  const report = {
    status: 'SUCCEEDED', attempt: 1, expiresAt: new Date(Date.now() + 60_000),
    document: { key: 'k', byteSize: SIZE, contentType: 'text/csv', fileName: 'a.csv', sha256: 'x' },
  } // prettier-ignore
  const reading = { read: () => Promise.resolve(), end: () => Promise.resolve() }
  const download = createDownload({
    database: { reading: () => reading },
    links: { read: () => ({ reportId: ID, attempt: 1, expires: Date.now() / 1000 + 60, issuer: ID }) },
    reports: { tenantOf: async () => 'default', byId: async () => report, noteDownload: async () => undefined },
    users: { byIds: async () => [{ id: ID, role: 'ADMIN', removedAt: null }] },
    store: { size: async () => SIZE, read: async () => bytes },
    log: createLog({ level: 'silent', process: 'test' }),
    idleAfter: 200,
  } as unknown as Parameters<typeof createDownload>[0])
  const server = createServer((request, response) => {
    download(request, response, new URL(request.url!, 'http://x')).catch(() => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('GET /documents/x HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'readable')
  try {
    await until(() => bytes.destroyed, { timeout: 5_000 })
    expect(bytes.destroyed).toBe(true)
  } finally {
    socket.destroy()
    server.close()
  }
})

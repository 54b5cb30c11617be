import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { encodeId } from '../../src/api-id.ts'
import { NotFound } from '../../src/errors.ts'
import { FORMATS } from '../../src/formats/index.ts'
import { createPost, NOW } from '../support/mail-server.ts'
import { DELIVERY, documentOf, FAILED, handoverOf } from '../support/outcome.ts'
import { until } from '../support/until.ts'

const { mailServer, channel, target, fate, close } = createPost()
afterEach(close)

describe('a letter', () => {
  test('arrives as text and HTML, with a link and no attachment unless asked', async () => {
    const { mails, url } = await mailServer()
    await channel(url).deliver(target({ to: ['ann@example.com', 'bob@example.com'] }), handoverOf())
    const [{ from, recipients, read, raw }] = mails as [(typeof mails)[0]]
    expect([from, recipients]).toEqual(['reports@sender.example', ['ann@example.com', 'bob@example.com']])
    expect(read.subject).toBe('Report ready: Sales by order line · 2026-11-01 to 2026-11-20')
    expect(read.from).toEqual({ name: 'Broadsheet', address: 'reports@sender.example' })
    expect(read.to?.map(({ address }) => address)).toEqual(recipients)
    const link = documentOf().link()
    expect(read.text).toContain(`\n${link}\n`)
    expect(read.html).toContain(`href="${link.replaceAll('&', '&#38;')}"`)
    for (const text of [read.text, read.html]) {
      expect(text).toContain('12,345')
      expect(text).toContain('28 November 2026 at 11:00 (Europe/Vilnius)')
      expect(text).toContain(encodeId('Report', '01a200a7-0000-7000-8000-000000000001'))
    }
    expect(read.html).not.toMatch(/<(img|script|link)|@import|url\(/)
    expect(read.attachments).toEqual([])
    expect(read.messageId).toBe(`<${encodeId('Delivery', DELIVERY)}@sender.example>`)
    expect(raw).toMatch(/^Auto-Submitted: auto-generated\r$/m)
    expect(Date.parse(read.date ?? '')).toBe(NOW)
  })

  test('a second try has the same Message-ID, on a connection of its own that ends', async () => {
    const server = await mailServer()
    const email = channel(server.url)
    await email.deliver(target(), handoverOf())
    await email.deliver(target(), handoverOf())
    expect(new Set(server.mails.map(({ read }) => read.messageId)).size).toBe(1)
    await until(() => server.sessions() === 0)
  })

  test.each([
    ['text', Buffer.from('a,b\r\n1,"é\n.\n..\nFrom me"\r\n\r\n')],
    ['any bytes', randomBytes(300_001)],
    ['nothing', Buffer.alloc(0)],
    ['5 MB', randomBytes(5_000_000)],
  ])('the attachment of %s arrives byte for byte', async (_, bytes) => {
    const { mails, url } = await mailServer()
    const open = () => Promise.resolve(Readable.from(chunksOf(bytes)))
    await channel(url).deliver(target({ attach: true }), handoverOf({ document: documentOf(bytes, { open }) }))
    const [attachment] = mails[0]!.read.attachments
    expect([attachment?.filename, attachment?.mimeType, attachment?.disposition]).toEqual([
      'sales-2026-11.csv',
      'text/csv',
      'attachment',
    ])
    const digest = (content: Buffer | ArrayBuffer) =>
      createHash('sha256')
        .update(Buffer.from(content as Buffer))
        .digest('hex')
    expect(digest(attachment!.content as ArrayBuffer)).toBe(digest(bytes))
    expect(mails[0]!.read.text).toContain('The document is attached.')
    expect(mails[0]!.read.text).toContain(documentOf().link())
  })

  test.each(FORMATS.map((format) => [format.name, format] as const))(
    'a document as %s is attached as what it is',
    async (name, format) => {
      const { mails, url } = await mailServer()
      const bytes = randomBytes(1000)
      const document = documentOf(bytes, {
        format: name,
        fileName: `sales.${format.extension}`,
        contentType: format.contentType,
      })
      await channel(url).deliver(target({ attach: true }), handoverOf({ document }))
      const { read } = mails[0]!
      expect(read.attachments.map(({ filename, mimeType }) => [filename, mimeType])).toEqual([
        [`sales.${format.extension}`, format.contentType.split(';')[0]],
      ])
      expect(Buffer.from(read.attachments[0]!.content as ArrayBuffer).equals(bytes)).toBe(true)
      expect(read.text).toContain(name)
    },
  )

  test('a byte above 5 MB is linked alone, never opened, and the letter says so', async () => {
    const { mails, url } = await mailServer()
    let opened = 0
    const document = documentOf('x', {
      byteSize: 5_000_001,
      open: () => Promise.reject(new Error(`opened ${++opened}`)),
    })
    await channel(url).deliver(target({ attach: true }), handoverOf({ document }))
    expect(mails[0]!.read.attachments).toEqual([])
    for (const text of [mails[0]!.read.text, mails[0]!.read.html])
      expect(text).toContain('The document is not attached')
    expect(opened).toBe(0)
  })

  test('news of a failure, and of a cancel', async () => {
    const { mails, url } = await mailServer()
    await channel(url).deliver(target({ attach: true }), handoverOf(FAILED))
    await channel(url).deliver(target({ subject: 'Daily sales' }), handoverOf({ status: 'CANCELED', document: null }))
    const [failed, canceled] = mails.map(({ read }) => read)
    expect(failed?.subject).toMatch(/^Report failed: Sales/)
    for (const text of [failed?.text, failed?.html]) {
      expect(text).toContain('The source refused the query: division by zero (22012).')
      expect(text).toMatch(/Code.*SOURCE_QUERY_FAILED/)
    }
    expect(failed?.text).not.toMatch(/https?:/)
    expect(canceled?.subject).toBe('Canceled: Daily sales')
    expect(canceled?.text).toContain('Your report was canceled')
  })
})

const chunksOf = (bytes: Buffer) =>
  Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, at) => bytes.subarray(at * 65_536, (at + 1) * 65_536))

describe('a document that breaks', () => {
  test.each([
    ['is gone', () => Promise.reject(new NotFound()), 'The document is not there any more. never'],
    ['can’t be read', () => Promise.reject(new Error('EIO')), 'The document could not be read. again'],
    ['ends early', () => Promise.resolve(Readable.from([Buffer.alloc(1000)])), 'The document could not be read. again'],
    [
      'goes on',
      () => Promise.resolve(Readable.from(chunksOf(Buffer.alloc(2_000_000)))),
      'The document could not be read. again',
    ],
    ['breaks in the middle', () => Promise.resolve(Readable.from(breaking())), 'The document could not be read. again'],
  ])('%s: nothing arrives', async (_, open, expected) => {
    const server = await mailServer()
    const document = documentOf(Buffer.alloc(500_000), { open })
    expect(await fate(server.url, { attach: true }, { document })).toBe(expected)
    await until(() => server.sessions() === 0)
    expect(server.mails).toEqual([])
  })
  function* breaking() {
    yield Buffer.alloc(100_000)
    throw new Error('EIO')
  }

  test('the document’s stream ends with the try, also where no server took it', async () => {
    const streams: Readable[] = []
    const open = () => {
      const stream = new Readable({ read() { this.push(Buffer.alloc(10_000)) } }) // prettier-ignore
      streams.push(stream)
      return Promise.resolve(stream)
    }
    const refusing = await mailServer({
      onRcptTo: (_, __, done) => done(Object.assign(new Error('no'), { responseCode: 550 })),
    })
    const document = documentOf(Buffer.alloc(4_000_000), { open })
    expect(await fate(refusing.url, { attach: true }, { document })).toBe(
      'The mail server refused the recipients (550). never',
    )
    expect(streams).toHaveLength(0)
    let unread: Readable | null = null
    const stuck = await mailServer({ onData: (stream) => void (unread = stream) })
    const stop = new AbortController()
    const trying = fate(stuck.url, { attach: true }, { document }, { signal: stop.signal })
    await until(() => streams.length === 1)
    stop.abort()
    expect(await trying).toBe('The try was cut short. again')
    await until(() => streams[0]!.destroyed)
    unread!.resume()
    await until(() => stuck.sessions() === 0)
  })
})

import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer as createPlainServer, type Socket } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, test } from 'vitest'
import { encodeId } from '../../src/api-id.ts'
import { createWebhook, WEBHOOK_TIMEOUT } from '../../src/channels/webhook.ts'
import { askedOf, DELIVERY, FAILED, handoverOf, outcomeOf } from '../support/outcome.ts'
import { createReceivers, SECRET, signedHandover as handover, type Received } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const { receiver, listening, channel, close } = createReceivers()
afterEach(close)

describe('what is sent', () => {
  test('is verified by the standard’s own package, and says nothing that opens the document', async () => {
    const { received, url } = await receiver()
    await channel().deliver({ url }, handover({ scheduleId: DELIVERY, scheduledFor: new Date('2026-11-21T08:00:00Z') }))
    const [{ headers, body, url: path }] = received as [Received]
    const headersOnce = headers as Record<string, string>
    expect(new Webhook(SECRET).verify(body, headersOnce)).toEqual({
      type: 'report.succeeded',
      timestamp: '2026-11-21T09:00:00.000Z',
      data: {
        reportId: encodeId('Report', '01a200a7-0000-7000-8000-000000000001'),
        reportType: 'sales',
        status: 'SUCCEEDED',
        scheduleId: encodeId('Schedule', DELIVERY),
        scheduledFor: '2026-11-21T08:00:00.000Z',
        rowCount: 12_345,
        sha256: 'ab'.repeat(32),
        failureCode: null,
      },
    })
    expect(headers).toMatchObject({ 'webhook-id': encodeId('Delivery', DELIVERY), 'content-type': 'application/json' })
    expect([path, headers['content-length']]).toEqual(['/hook?x=1', String(Buffer.byteLength(body))])
    expect(body).not.toMatch(/http|signature/)
    expect(() => new Webhook(SECRET).verify(`${body} `, headersOnce)).toThrow(/signature/i)
    expect(() => new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`).verify(body, headersOnce)).toThrow(
      /signature/i,
    )
  })

  test.each([
    [FAILED, { type: 'report.failed', data: { status: 'FAILED', failureCode: 'SOURCE_QUERY_FAILED', sha256: null } }],
    [{ status: 'CANCELED', document: null } as const, { type: 'report.canceled', data: { rowCount: null } }],
  ])('news of another end', async (outcome, body) => {
    const { received, url } = await receiver()
    await channel().deliver({ url }, handover(outcome))
    expect(JSON.parse(received[0]!.body)).toMatchObject(body)
  })

  test('a second try has the same id and body, its own time, and a connection of its own', async () => {
    const ports = new Set<number | undefined>()
    const { received, url } = await receiver((request, response) => {
      ports.add(request.socket.remotePort)
      response.writeHead(200).end()
    })
    let at = Date.now()
    const webhook = channel({ now: () => (at += 5_000) })
    await webhook.deliver({ url }, handover())
    await webhook.deliver({ url }, handover())
    const [first, second] = received as [Received, Received]
    expect(second.body).toBe(first.body)
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id'])
    expect(Number(second.headers['webhook-timestamp'])).toBe(Number(first.headers['webhook-timestamp']) + 5)
    expect(second.headers['webhook-signature']).not.toBe(first.headers['webhook-signature'])
    expect(ports.size).toBe(2)
  })
})

test('the receiver of docs/deliveries.md takes what is ours, once, and nothing else', async () => {
  const [, code = ''] = /```js\n([^]*?)```/.exec(await readFile('docs/deliveries.md', 'utf8')) ?? []
  const program = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    env: { PORT: '0', WEBHOOK_SECRET: SECRET },
  })
  try {
    let said = ''
    for (const stream of [program.stdout, program.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text))
    const port = await until(() => /port (\d+)/.exec(said)?.[1])
    const url = `http://127.0.0.1:${port}/`
    const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
    await expect(channel().deliver({ url }, handover({}, { secret: other }))).rejects.toThrow('401')
    await expect(channel({ now: () => Date.now() - 600_000 }).deliver({ url }, handover())).rejects.toThrow('401')
    await channel().deliver({ url }, handover())
    await channel().deliver({ url }, handover())
    await channel().deliver({ url }, handover(FAILED, { deliveryId: '01a200a7-0000-7000-8000-00000000d002' }))
    await until(() => said.includes('report.failed'))
    expect(said.match(/report\.\w+ \w+/g)).toEqual([
      `report.succeeded ${encodeId('Report', outcomeOf().reportId)}`,
      `report.failed ${encodeId('Report', outcomeOf().reportId)}`,
    ])
  } finally {
    program.kill('SIGKILL')
  }
})

describe('the answer', () => {
  test.each([
    [200, null],
    [204, null],
    [299, null],
    [410, false],
    [404, true],
    [429, true],
    [500, true],
    [503, true],
  ])('%i', async (status, retryable) => {
    const { url } = await receiver((_, response) =>
      response.writeHead(status).end(status === 204 ? '' : 'my secret page'),
    )
    const trying = channel().deliver({ url }, handover())
    if (retryable === null) return void (await trying)
    const error: Error = await trying.then(() => new Error('delivered'), (error: Error) => error) // prettier-ignore
    expect(error).toMatchObject({ name: 'DeliveryFailed', retryable, message: expect.stringContaining(String(status)) })
    expect(error.message).not.toContain('secret')
  })

  test('a redirect is not followed', async () => {
    const elsewhere = await receiver()
    for (const status of [301, 302, 303, 307, 308]) {
      const { url, received } = await receiver((_, response) =>
        response.writeHead(status, { location: elsewhere.url }).end(),
      )
      await expect(channel().deliver({ url }, handover())).rejects.toMatchObject({
        retryable: true,
        message: `The receiver answered ${status}. Redirects are not followed.`,
      })
      expect(received).toHaveLength(1)
    }
    expect(elsewhere.received).toHaveLength(0)
  })

  test('an endless body is not read, and its connection ends', async () => {
    let closed = false
    let sent = 0
    const { url } = await receiver((_, response) => {
      response.on('close', () => (closed = true))
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536
        response.once('drain', more)
      }
      more()
    })
    await channel().deliver({ url }, handover())
    await until(() => closed)
    expect(sent).toBeLessThan(20_000_000)
  })

  test('no answer within the time, at any stage, is a failure that is tried again', async () => {
    expect(WEBHOOK_TIMEOUT).toBe(15_000)
    const silent = await receiver(() => undefined)
    const dripping = await listening(createPlainServer((socket) => void dripTo(socket)))
    const mute = await listening(createPlainServer(() => undefined))
    const webhook = channel({ timeout: 300 })
    const lost = channel({ timeout: 300, lookup: () => undefined })
    for (const trying of [
      webhook.deliver({ url: silent.url }, handover()),
      webhook.deliver({ url: `http://127.0.0.1:${dripping}/` }, handover()),
      webhook.deliver({ url: `https://127.0.0.1:${mute}/` }, handover()),
      lost.deliver({ url: 'https://receiver.test/' }, handover()),
    ])
      await expect(trying).rejects.toMatchObject({
        retryable: true,
        message: 'The receiver did not answer within 0.3 s.',
      })
  })

  /** A head that never ends. */
  async function dripTo(socket: Socket): Promise<void> {
    socket.on('error', () => socket.destroy()).write('HTTP/1.1 200 OK\r\n')
    const timer = setInterval(() => socket.write('x: y\r\n'), 20)
    socket.on('close', () => clearInterval(timer))
  }

  test('what is no HTTP, switches protocols or hangs up is a failure that is tried again', async () => {
    for (const answer of ['SSH-2.0-OpenSSH_9.2\r\n', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', '']) {
      const port = await listening(createPlainServer((socket) => void socket.on('error', () => socket.destroy()).end(answer)))
      await expect(channel().deliver({ url: `http://127.0.0.1:${port}/` }, handover())).rejects.toMatchObject({
        name: 'DeliveryFailed',
        retryable: true,
        message: 'The connection to the receiver failed.',
      })
    } // prettier-ignore
  })

  test('nobody there, and a try that is cut short', async () => {
    const server = createPlainServer()
    const port = await listening(server)
    await new Promise((resolve) => server.close(resolve))
    await expect(channel().deliver({ url: `http://127.0.0.1:${port}/` }, handover())).rejects.toMatchObject({
      retryable: true,
      message: 'The receiver refused the connection.',
    })
    const silent = await receiver(() => undefined)
    const stop = new AbortController()
    const trying = channel().deliver({ url: silent.url }, handover({}, { signal: stop.signal }))
    await until(() => silent.received.length === 1)
    stop.abort()
    await expect(trying).rejects.toMatchObject({ name: 'DeliveryFailed', retryable: true })
    await expect(channel().deliver({ url: silent.url }, handover({}, { signal: stop.signal }))).rejects.toMatchObject({
      retryable: true,
    })
    expect(silent.received).toHaveLength(1)
  })

  test('closing ends what is under way', async () => {
    const silent = await receiver(() => undefined)
    const webhook = channel()
    const trying = webhook.deliver({ url: silent.url }, handover()).catch((error: unknown) => error)
    await until(() => silent.received.length === 1)
    await webhook.close()
    expect(await trying).toMatchObject({ name: 'DeliveryFailed', retryable: true })
  })
})

describe('what is asked for', () => {
  const refusal = async (url: string, secret: string) => {
    try {
      return await createWebhook({ allow: [] }).check({ url, secret }, askedOf())
    } catch (error) {
      return (error as { userErrors: { field: string[]; code: string }[] }).userErrors.map(({ field, code }) => [
        field,
        code,
      ])
    }
  }

  test('a host that no name server can have, or a URL that has grown: nothing that an index would not take', async () => {
    const labels = (count: number, of: string) => Array.from({ length: count }, () => of).join('.')
    const taken = async (host: string) => !Array.isArray(await refusal(`https://${host}/`, SECRET))
    expect(await taken(`${labels(3, 'a'.repeat(63))}.${'b'.repeat(61)}`)).toBe(true)
    expect(await taken(`${labels(3, 'a'.repeat(63))}.${'b'.repeat(62)}`)).toBe(false)
    // Short as it is written; as a name it has 2,500 letters.
    expect(await taken(labels(200, '\u4e50\u9fa5'))).toBe(false)
    expect(await refusal(`https://example.com/${'\u4e50'.repeat(1_000)}`, SECRET)).toEqual([[['url'], 'INVALID']])
  })

  test('all that is wrong comes at once', async () => {
    expect(await refusal('nonsense', 'whsec_short')).toEqual([
      [['url'], 'INVALID'],
      [['secret'], 'INVALID'],
    ])
  })

  test.each([
    ['', false],
    ['whsec_', false],
    [SECRET.slice('whsec_'.length), false],
    [`WHSEC_${SECRET.slice('whsec_'.length)}`, false],
    [`whsec_${Buffer.alloc(23).toString('base64')}`, false],
    [`whsec_${Buffer.alloc(24).toString('base64')}`, true],
    [`whsec_${Buffer.alloc(64).toString('base64')}`, true],
    [`whsec_${Buffer.alloc(65).toString('base64')}`, false],
    [`whsec_${Buffer.alloc(32, 0xff).toString('base64url')}`, false],
    [`${SECRET}\n`, false],
    [`whsec_${Buffer.alloc(25).toString('base64').replaceAll('=', '')}`, false],
  ])('the secret %j: %s', async (secret, taken) => {
    const answer = await refusal('https://example.com/', secret)
    expect(answer).toEqual(taken ? { target: { url: 'https://example.com/' }, secret } : [[['secret'], 'INVALID']])
  })

  test('what is shown and kept has no secret in it', async () => {
    const { target, secret } = await createWebhook({ allow: [] }).check(
      { url: 'HTTPS://Example.com/a/b?token=hush', secret: SECRET },
      askedOf(),
    )
    expect(JSON.stringify(target)).not.toContain('whsec_')
    expect(secret).toBe(SECRET)
    expect(createWebhook({ allow: [] }).describe(target)).toBe('https://example.com/a/b')
  })

  test('without a secret nothing is sent', async () => {
    const { url, received } = await receiver()
    await expect(channel().deliver({ url }, handoverOf())).rejects.toMatchObject({ retryable: false })
    expect(received).toHaveLength(0)
  })
})

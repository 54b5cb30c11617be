import { createServer, type AddressInfo, type Socket } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { SMTPServerOptions } from 'smtp-server'
import { afterEach, describe, expect, test } from 'vitest'
import { createEmail } from '../../src/channels/email.ts'
import { TEST_CERTIFICATE, TEST_KEY } from '../support/certificate.ts'
import { createPost } from '../support/mail-server.ts'
import { handoverOf } from '../support/outcome.ts'
import { until } from '../support/until.ts'

const { mailServer, channel, target, fate, finally: inTheEnd, close } = createPost()
afterEach(close)
const FROM = 'reports@sender.example'

describe('the server', () => {
  const answering = (responseCode: number) =>
    Object.assign(new Error('mx7.internal says no to user bob'), { responseCode })

  test.each([
    [550, 'onRcptTo', 'The mail server refused the recipients (550). never'],
    [450, 'onRcptTo', 'The mail server put the recipients off (450). again'],
    [552, 'onMailFrom', 'The mail server refused the sender (552). never'],
    [451, 'onMailFrom', 'The mail server put the sender off (451). again'],
    [530, 'onMailFrom', 'The mail server does not take the service’s credentials. again'],
    [554, 'onConnect', 'The mail server could not be reached. again'],
    [421, 'onConnect', 'The mail server could not be reached. again'],
  ] as const)('answers %i (%s)', async (code, at, expected) => {
    const { url } = await mailServer({
      [at]: (...given: unknown[]) => (given.at(-1) as (e: Error) => void)(answering(code)),
    })
    expect(await fate(url)).toBe(expected)
  })

  test.each([
    [554, 'The mail server refused the message (554). never'],
    [452, 'The mail server put the message off (452). again'],
  ])('answers %i to the message', async (code, expected) => {
    const { url } = await mailServer({
      onData(stream, _, done) {
        stream.resume().on('end', () => done(answering(code)))
      },
    })
    expect(await fate(url)).toBe(expected)
  })

  test('takes some recipients: those have it, nobody gets it twice by itself, and the others are named', async () => {
    const { url, mails } = await mailServer({
      onRcptTo: ({ address }, _, done) => done(address.startsWith('ann') ? undefined : answering(550)),
    })
    const to = ['bob', 'ann', 'cid', 'dan', 'eve'].map((name) => `${name}@example.com`)
    expect(await fate(url, { to })).toBe(
      'Delivered to 1 of 5 recipients. The mail server refused bob@example.com, cid@example.com, dan@example.com and 1 more (550). never',
    )
    expect(mails.map(({ recipients }) => recipients)).toEqual([['ann@example.com']])
  })

  test('is not there, hangs up, or says nothing', async () => {
    const sockets = new Set<Socket>()
    const plain = async (answer: (socket: Socket) => void) => {
      const server = createServer((socket) => {
        sockets.add(socket.on('error', () => socket.destroy()))
        answer(socket)
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
      inTheEnd(() => new Promise((resolve) => server.close(resolve)))
      return server
    }
    const portOf = (server: Awaited<ReturnType<typeof plain>>) => (server.address() as AddressInfo).port
    const hanging = await plain((socket) => socket.end())
    expect(await fate(`smtp://127.0.0.1:${portOf(hanging)}`)).toBe('The mail server could not be reached. again')
    const gone = await plain(() => undefined)
    const port = portOf(gone)
    await new Promise((resolve) => gone.close(resolve))
    expect(await fate(`smtp://127.0.0.1:${port}`)).toBe('The mail server could not be reached. again')
    const silent = await plain(() => undefined)
    const email = channel(`smtp://127.0.0.1:${portOf(silent)}?connectionTimeout=200`)
    await expect(email.deliver(target(), handoverOf())).rejects.toMatchObject({
      message: 'The mail server could not be reached.',
    })
    const closed = channel(`smtp://127.0.0.1:${portOf(silent)}`)
    const before = sockets.size
    const trying = closed.deliver(target(), handoverOf()).catch((error: unknown) => error)
    await until(() => sockets.size > before)
    await closed.close()
    expect(await trying).toMatchObject({ retryable: true, message: 'The try was cut short.' })
    await until(() => [...sockets].every((socket) => socket.destroyed))
  })

  test('wants a password: over TLS of either kind, and never in the clear beyond this machine', async () => {
    const options = (secure: boolean, disabledCommands: string[] = []): SMTPServerOptions => ({
      secure,
      key: TEST_KEY,
      cert: TEST_CERTIFICATE,
      disabledCommands,
      authOptional: false,
      onAuth: ({ username, password }, _, done) =>
        password === 'pass word' ? done(null, { user: username ?? '' }) : done(answering(535)),
    })
    const [starting, safe, plain] = await Promise.all([
      mailServer(options(false)),
      mailServer(options(true)),
      mailServer({ ...options(false, ['STARTTLS']), allowInsecureAuth: true }),
    ])
    const own = getCACertificates('default')
    expect(await fate(`smtps://bob:pass%20word@localhost:${safe.port}`)).toBe(
      'There is no safe connection to the mail server. again',
    )
    expect(await fate(`smtp://bob:pass%20word@localhost:${starting.port}`)).toBe(
      'There is no safe connection to the mail server. again',
    )
    setDefaultCACertificates([...own, TEST_CERTIFICATE])
    try {
      expect(await fate(`smtps://bob:pass%20word@localhost:${safe.port}`)).toBe('delivered')
      expect(await fate(`smtp://bob:pass%20word@localhost:${starting.port}`)).toBe('delivered')
      expect(await fate(`smtps://bob:wrong@localhost:${safe.port}`)).toBe(
        'The mail server does not take the service’s credentials. again',
      )
    } finally {
      setDefaultCACertificates(own)
    }
    for (const { mails } of [starting, safe]) expect(mails).toMatchObject([{ secure: true, user: 'bob' }])
    expect(await fate(`smtp://bob:pass%20word@127.0.0.1:${plain.port}`)).toBe('delivered')
    // A name that is not known to be near, for the same server.
    expect(await fate(`smtp://bob:pass%20word@127.0.0.1.:${plain.port}`)).toBe(
      'There is no safe connection to the mail server. again',
    )
    expect(plain.mails).toHaveLength(1)
  })
})

test('what the operator no longer allows is not sent, and neither is anything without a server', async () => {
  const { url, mails } = await mailServer()
  expect(await fate(url, { to: ['ann@elsewhere.example'] })).toBe(
    'E-mail may not go to ann@elsewhere.example any more. never',
  )
  const own = createEmail({ smtp: { url, from: FROM }, domains: [] })
  await expect(own.deliver(target({ own: 'eve@example.com' }), handoverOf())).rejects.toMatchObject({
    retryable: false,
  })
  const none = createEmail({ smtp: null, domains: ['example.com'] })
  await expect(none.deliver(target(), handoverOf())).rejects.toMatchObject({ retryable: true })
  expect(mails).toEqual([])
  await own.deliver(target({ own: 'Ann@Example.com' }), handoverOf())
  expect(mails).toHaveLength(1)
})

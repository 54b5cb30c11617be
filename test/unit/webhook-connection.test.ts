import { get, setGlobalProxyFromEnv } from 'node:http'
import { connect, createServer as createPlainServer } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import type { Lookup } from '../../src/channels/webhook-lookup.ts'
import { TEST_CERTIFICATE } from '../support/certificate.ts'
import { answering, createReceivers, signedHandover as handover } from '../support/receiver.ts'

const { receiver, listening, channel, close } = createReceivers()
afterEach(close)

test('a name that first leads to a public address and then to loopback gains nothing', async () => {
  const { port, received } = await receiver()
  let asked = 0
  const rebinding: Lookup = (host, options, callback) => {
    asked += 1
    return (asked === 1 ? answering('8.8.8.8') : answering('127.0.0.1'))(host, options, callback)
  }
  // The first answer is for whoever checks beforehand; the socket's own lookup is the only one that counts.
  await new Promise<void>((resolve) => rebinding('rebind.test', { all: true, family: 0 }, () => resolve()))
  const webhook = channel({ allow: [`other.test:${port}`], lookup: rebinding })
  await expect(webhook.deliver({ url: `http://rebind.test:${port}/` }, handover())).rejects.toMatchObject({
    retryable: true,
    message: 'The receiver’s host has no public address at the moment.',
  })
  expect(asked).toBe(2)
  expect(received).toHaveLength(0)
  await webhook.deliver({ url: `http://other.test:${port}/` }, handover())
  expect(received, 'the very same is reached where it is allowed').toHaveLength(1)
})

test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.1', '169.254.169.254', '100.64.0.1', 'fd00::1', 'fe80::1', '64:ff9b::7f00:1', '2002:7f00:1::'])(
    'a name that leads to %s is not connected to, and looks like one that nobody has',
    async (address) => {
      const webhook = channel({ allow: [], lookup: answering(address) })
      const absent = channel({
        allow: [],
        lookup: (_, __, callback) => callback(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }), []),
      })
      const why = async (one: typeof webhook) =>
        one.deliver({ url: 'https://name.test/' }, handover()).then(
          () => null,
          ({ message, retryable }: { message: string; retryable: boolean }) => ({ message, retryable }),
        )
      expect(await why(webhook)).toEqual({ message: 'The receiver’s host has no public address at the moment.', retryable: true })
      expect(await why(absent)).toEqual(await why(webhook))
    },
  ) // prettier-ignore

test('of several addresses only those are tried that may be', async () => {
  const { port, received } = await receiver()
  const refused: number[] = []
  const trap = createPlainServer((socket) => {
    refused.push(socket.remotePort ?? 0)
    socket.destroy()
  })
  await listening(trap, '127.0.0.2', port)
  await new Promise((resolve, reject) => connect(port, '127.0.0.2').on('close', resolve).on('error', reject))
  expect(refused, 'the trap is open').toHaveLength(1)
  const webhook = channel({ allow: [`127.0.0.1:${port}`], lookup: answering('127.0.0.2', '::1', '127.0.0.1') })
  await webhook.deliver({ url: `http://many.test:${port}/` }, handover())
  expect([received.length, refused.length]).toEqual([1, 1])
})

test('an address that was allowed once and is not any more is refused for good', async () => {
  const { url, received } = await receiver()
  await expect(channel({ allow: [] }).deliver({ url }, handover())).rejects.toMatchObject({
    retryable: false,
    message: 'The receiver’s address is not public.',
  })
  expect(received).toHaveLength(0)
})

test('no proxy of the environment is asked', async () => {
    const proxy = await receiver()
    const { url, received } = await receiver()
    const place = `http://127.0.0.1:${proxy.port}`
    const restore = setGlobalProxyFromEnv({ http_proxy: place, https_proxy: place })
    try {
      await channel().deliver({ url }, handover())
      expect([received.length, proxy.received.length]).toEqual([1, 0])
      await new Promise((resolve) => get('http://example.com/', resolve))
      expect(proxy.received, 'there is one to ask').toHaveLength(1)
    } finally {
      restore()
    }
  }) // prettier-ignore

test('HTTPS is checked by certificate and name', async () => {
  const { url, port, received } = await receiver(undefined, true)
  const lookup = answering('127.0.0.1')
  const unsafe = { retryable: true, message: 'There is no safe connection to the receiver: look at its certificate.' }
  await expect(channel().deliver({ url }, handover())).rejects.toMatchObject(unsafe)
  const own = getCACertificates('default')
  setDefaultCACertificates([...own, TEST_CERTIFICATE])
  try {
    await channel({ lookup }).deliver({ url: `https://receiver.test:${port}/` }, handover())
    await channel({ lookup }).deliver({ url: `https://receiver.test.:${port}/` }, handover())
    await channel().deliver({ url }, handover())
    await expect(channel({ lookup }).deliver({ url: `https://other.test:${port}/` }, handover())).rejects.toMatchObject(
      unsafe,
    )
  } finally {
    setDefaultCACertificates(own)
  }
  expect(received).toHaveLength(3)
})

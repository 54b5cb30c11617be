import { lookup as systemLookup } from 'node:dns/promises'
import { afterEach, expect, test } from 'vitest'
import { createGate } from '../../src/channels/webhook-address.ts'
import { createLookup } from '../../src/channels/webhook-lookup.ts'
import { createNameServer } from '../support/name-server.ts'
import { createReceivers, signedHandover as handover } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const { receiver, channel, close } = createReceivers()
const closers: (() => Promise<void>)[] = [close]
afterEach(async () => {
  while (closers.length > 1) await closers.pop()!()
  await close()
})
async function names(answer: Parameters<typeof createNameServer>[0]) {
  const server = await createNameServer(answer)
  closers.push(server.close)
  return server
}
const NOTHING = { message: 'The receiver’s host has no public address at the moment.', retryable: true }

test('a name whose address changes between two tries is checked at each, by the answer that is connected to', async () => {
  const { port, received } = await receiver()
  // Allowed as an address and port: 127.0.0.1. Whoever owns the name then points it elsewhere on loopback, and at nothing.
  const answers = ['127.0.0.1', '127.0.0.2', '10.0.0.1', '127.0.0.1']
  const dns = await names((_, before) => answers[before] ?? null)
  const allow = [`127.0.0.1:${port}`]
  const webhook = channel({ allow, lookup: createLookup({ ...createGate(allow), servers: dns.servers }) })
  const url = `http://rebind.test:${port}/`
  await webhook.deliver({ url }, handover())
  await expect(webhook.deliver({ url }, handover())).rejects.toMatchObject(NOTHING)
  await expect(webhook.deliver({ url }, handover())).rejects.toMatchObject(NOTHING)
  await webhook.deliver({ url }, handover())
  expect(received).toHaveLength(2)
  expect(dns.asked('rebind.test'), 'once for each try').toBe(4)
})

test('names whose servers are dead keep no other delivery, and no thread', async () => {
  const { port, received } = await receiver()
  const dns = await names((name) => (name.startsWith('dead') ? undefined : '127.0.0.1'))
  const webhook = channel({ lookup: createLookup({ isOwn: () => false, servers: dns.servers }), timeout: 1_500 })
  const dead = Array.from({ length: 20 }, (_, index) =>
    webhook.deliver({ url: `http://dead${index}.test/` }, handover()).catch((error: Error) => error.message),
  )
  await until(() => dns.asked('dead19.test') > 0)
  const start = performance.now()
  await systemLookup('127.0.0.1')
  await systemLookup('localhost')
  for (let index = 0; index < 20; index++) await webhook.deliver({ url: `http://live.test:${port}/` }, handover())
  expect(performance.now() - start).toBeLessThan(1_400)
  expect(received).toHaveLength(20)
  expect(new Set(await Promise.all(dead))).toEqual(new Set(['The receiver did not answer within 1.5 s.']))
})

test('names that DNS does not have and the system is silent about hold half of its threads at most', async () => {
  const dns = await names(() => null)
  const held: (() => void)[] = []
  const lookup = createLookup({
    isOwn: () => false,
    servers: dns.servers,
    system: (_host, _options, callback) => void held.push(() => callback(null, [])),
  })
  const webhook = channel({ lookup })
  const hand = (name: string) =>
    webhook.deliver({ url: `http://${name}.test/` }, handover()).catch((error: unknown) => error)
  const first = [hand('a'), hand('b')]
  await until(() => held.length === 2)
  expect(await hand('c')).toMatchObject(NOTHING)
  expect(held).toHaveLength(2)
  for (const answer of held.splice(0)) answer()
  await Promise.all(first)
  const later = hand('c')
  await until(() => held.length === 1)
  held[0]!()
  await later
})

test('what DNS does not have, the hosts file may; what is the operator’s is asked of the system alone', async () => {
  const { port, received } = await receiver()
  const dns = await names(() => null)
  const webhook = channel({ lookup: createLookup({ isOwn: () => false, servers: dns.servers }) })
  await webhook.deliver({ url: `http://localhost:${port}/` }, handover())
  expect([received.length, dns.asked('localhost')]).toEqual([1, 1])
  const own = createGate([`localhost:${port}`, 'hooks.internal:80'])
  expect(['localhost', 'a.localhost', 'hooks.internal', 'internal'].map(own.isOwn)).toEqual([true, true, true, false])
  const lookup = createLookup({ ...own, servers: dns.servers })
  await channel({ allow: [`localhost:${port}`], lookup }).deliver({ url: `http://localhost:${port}/` }, handover())
  expect([received.length, dns.asked('localhost')]).toEqual([2, 1])
})

test('by the machine’s own names', async () => {
  const { port, received } = await receiver()
  await channel({ allow: [`127.0.0.1:${port}`] }).deliver({ url: `http://localhost:${port}/` }, handover())
  expect(received).toHaveLength(1)
})

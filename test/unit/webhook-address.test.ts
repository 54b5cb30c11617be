import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createWebhook } from '../../src/channels/webhook.ts'
import { createGate, isPublic } from '../../src/channels/webhook-address.ts'
import { askedOf } from '../support/outcome.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

function fieldsRefused(url: string, allow: readonly string[] = []): readonly string[] {
  try {
    void createWebhook({ allow }).check({ url, secret: SECRET }, askedOf())
    return []
  } catch (error) {
    return (error as { userErrors: { field: string[] }[] }).userErrors.map(({ field }) => field.join('.'))
  }
}

/** Each leads, or may lead, into somebody's own network. */
const HIDDEN = [
  // Loopback, in the spellings that a URL parser takes
  'http://127.0.0.1/', 'http://127.1/', 'http://127.0.1/', 'http://2130706433/', 'http://017700000001/', 'http://0x7f000001/', 'http://0x7f.0.0.1/',
  'http://0177.0.0.1/', 'http://0x7f.1/', 'http://127.0.0.1./', 'http://127.255.255.254/', 'http://１２７.０.０.１/', 'http://127。0。0。1/', 'http://%31%32%37.0.0.1/',
  'http://①②⑦.⓪.⓪.①/', 'http:127.0.0.1', 'http:\\\\127.0.0.1\\', 'http://1\t27.0.0.1/', 'http://localhost/', 'http://LOCALHOST/', 'http://localhost./', 'http://a.localhost/',
  'http://[::1]/', 'http://[0:0:0:0:0:0:0:1]/', 'http://[0000::0001]/',
  // "This" network, link-local with the clouds' metadata, private, CGNAT
  'http://0/', 'http://0.0.0.0/', 'http://0.1.2.3/', 'http://169.254.169.254/latest/meta-data/', 'http://0xa9fea9fe/', 'http://2852039166/', 'http://10.0.0.1/',
  'http://012.1/', 'http://172.16.0.1/', 'http://172.31.255.255/', 'http://192.168.1.1/', 'http://100.64.0.1/', 'http://100.127.255.255/', 'http://100.100.100.200/',
  // Reserved, documentation, benchmarks, multicast, broadcast
  'http://192.0.0.1/', 'http://192.0.0.192/', 'http://192.0.2.1/', 'http://198.51.100.1/', 'http://203.0.113.1/', 'http://192.88.99.1/', 'http://198.18.0.1/', 'http://198.19.255.255/',
  'http://224.0.0.1/', 'http://239.255.255.250/', 'http://240.0.0.1/', 'http://255.255.255.255/', 'http://4294967295/',
  // IPv4 inside IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP
  'http://[::ffff:127.0.0.1]/', 'http://[::ffff:7f00:1]/', 'http://[::ffff:8.8.8.8]/', 'http://[0:0:0:0:0:ffff:a00:1]/', 'http://[::127.0.0.1]/', 'http://[::ffff:0:127.0.0.1]/',
  'http://[64:ff9b::127.0.0.1]/', 'http://[64:ff9b::8.8.8.8]/', 'http://[64:ff9b:1::a00:1]/', 'http://[2002:7f00:1::]/', 'http://[2002:a00:1::1]/', 'http://[2001:0:7f00:1::]/',
  'http://[2606:4700::5efe:7f00:1]/', 'http://[2606:4700::200:5efe:a00:1]/',
  // The rest of IPv6 that is nobody's, or one's own
  'http://[::]/', 'http://[fe80::1]/', 'http://[febf::1]/', 'http://[fec0::1]/', 'http://[fc00::1]/', 'http://[fd00:ec2::254]/', 'http://[ff02::1]/', 'http://[100::1]/',
  'http://[2001:db8::1]/', 'http://[3fff::1]/', 'http://[2001:2::1]/', 'http://[2001:10::1]/', 'http://[2001:20::1]/', 'http://[5f00::1]/', 'http://[4000::1]/',
] // prettier-ignore

/** No webhook at all, whatever it leads to. */
const UNFIT = [
  '', 'example.com/hook', '/hook', 'ftp://example.com/', 'file:///etc/passwd', 'gopher://example.com/', 'javascript:alert(1)', 'data:,x', 'ws://example.com/', 'http://', 'https:///',
  'http://user@example.com/', 'http://user:word@example.com/', 'http://:word@example.com/', 'https://example.com/#part', 'https://example.com/#', 'http://example.com:8080/',
  'https://example.com:22/', 'http://example.com:0/', 'http://example.com:6379/', 'http://[fe80::1%25eth0]/', 'http://256.1.1.1/', 'http://a b/', `https://example.com/${'x'.repeat(2100)}`,
] // prettier-ignore

test.each(HIDDEN)('%s is refused when it is given', (url) => {
  expect(fieldsRefused(url)).toEqual(['url'])
})
test.each(UNFIT)('%s is no webhook', (url) => {
  expect(fieldsRefused(url)).toEqual(['url'])
})

test.each([
  'https://example.com/hook', 'http://example.com/', 'https://example.com:443/', 'http://example.com:443/x', 'https://hooks.example.com/a?token=b', 'https://8.8.8.8/', 'http://134744072/',
  'http://[2606:4700:4700::1111]/', 'https://müller.example/', 'https://localhost.example.com/', 'http://100.63.255.255/', 'http://100.128.0.1/', 'http://172.32.0.1/',
])('%s is taken', (url) => {
  expect(fieldsRefused(url)).toEqual([])
}) // prettier-ignore

describe('WEBHOOK_ALLOW', () => {
  test.each([
    ['http://hooks.internal:8080/a', ['hooks.internal:8080'], true],
    ['http://HOOKS.internal.:8080/a', ['Hooks.Internal:8080'], true],
    ['http://hooks.internal:8081/a', ['hooks.internal:8080'], false],
    ['http://x.hooks.internal:8080/a', ['hooks.internal:8080'], false],
    ['http://127.0.0.1:9000/', ['127.0.0.1:9000'], true],
    ['http://2130706433:9000/', ['127.0.0.1:9000'], true],
    ['http://127.0.0.1:9001/', ['127.0.0.1:9000'], false],
    ['http://127.0.0.2:9000/', ['127.0.0.1:9000'], false],
    ['http://localhost:9000/', ['127.0.0.1:9000'], true],
    ['http://localhost:9001/', ['127.0.0.1:9000'], false],
    ['http://[::1]:9000/', ['[::1]:9000'], true],
    ['http://10.1.2.3:5000/', ['10.1.0.0/16'], true],
    ['http://10.2.0.1/', ['10.1.0.0/16'], false],
    ['http://[::ffff:10.1.2.3]/', ['10.1.0.0/16'], false],
    ['http://[fd12::1]:81/', ['fd12::/32'], true],
    ['http://169.254.169.254/', ['10.0.0.0/8', 'hooks.internal:80'], false],
  ])('%s with %j: %s', (url, allow, taken) => {
    expect(fieldsRefused(url, allow)).toEqual(taken ? [] : ['url'])
  })

  test('a name of a network that was opened waits for its lookup; a port beyond the web’s is no way to a public address', () => {
    const gate = createGate(['10.1.0.0/16'])
    expect(gate.conceivable('hooks.internal', 5000)).toBe(true)
    expect(gate.permits('hooks.internal', 5000, '10.1.0.9')).toBe(true)
    expect(gate.permits('hooks.internal', 5000, '8.8.8.8')).toBe(false)
    expect(gate.permits('hooks.internal', 443, '8.8.8.8')).toBe(true)
    expect(gate.permits('hooks.internal', 443, '10.2.0.9')).toBe(false)
  })
})

test('whatever an IPv6 address outside of 2000::/3 looks like, it is not public', () => {
  const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 })
  fc.assert(
    fc.property(groups, (parts) => {
      const address = parts.map((part) => part.toString(16)).join(':')
      expect(isIP(address)).toBe(6)
      if (((parts[0] ?? 0) & 0xe000) !== 0x2000) expect(isPublic(address)).toBe(false)
    }),
  )
  expect(['', 'example.com', '1', '127.1', '8.8.8.8 ', 'fe80::1%eth0', '2606:4700::1111%1'].map(isPublic)).toEqual(
    Array<boolean>(7).fill(false),
  )
})

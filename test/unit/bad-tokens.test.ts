import { describe, expect, test } from 'vitest'
import { createBadTokens } from '../../src/rate/bad-tokens.ts'
import { createBuckets } from '../../src/rate/buckets.ts'
import { peerOf } from '../../src/rate/peer.ts'

describe('bad tokens of a peer', () => {
  function scene() {
    let clock = 0
    const now = () => clock
    const buckets = createBuckets(now)
    const rateLimit = { take: async (...given: Parameters<typeof buckets.take>) => buckets.take(...given) }
    const badTokens = createBadTokens({ rateLimit, rate: { most: 3, seconds: 60 }, now })
    return { badTokens, pass: (milliseconds: number) => (clock += milliseconds) }
  }

  test('hold it off until there may be one more', async () => {
    const { badTokens, pass } = scene()
    const refused = async () => [badTokens.wait('a', 'x'), await badTokens.refused('a', 'x')]
    expect([await refused(), await refused(), await refused()]).toEqual([[0, 0], [0, 0], [0, 0]]) // prettier-ignore
    expect(await refused()).toEqual([0, 20_000])
    expect([badTokens.wait('a', 'x'), badTokens.wait('b', 'x')]).toEqual([20_000, 0])
    pass(20_000)
    expect(await refused()).toEqual([0, 0])
    expect(await refused()).toEqual([0, 20_000])
  })

  test('do not hold off a credential that was good, of the last 10,000', async () => {
    const { badTokens } = scene()
    badTokens.welcome('known')
    for (let n = 0; n < 4; n += 1) await badTokens.refused('a', 'bad')
    expect([badTokens.wait('a', 'known'), badTokens.wait('a', 'Known')]).toEqual([0, 20_000])
    for (let n = 0; n < 9_999; n += 1) badTokens.welcome(`other ${n}`)
    expect(badTokens.wait('a', 'known')).toBe(0)
    badTokens.welcome('one more')
    expect(badTokens.wait('a', 'known')).toBe(20_000)
  })
})

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0db8:0:00ab:1:2:3:4', '2001:db8:0:ab::/64'],
  ['2001:db8:0:ab::', '2001:db8:0:ab::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
  ['', ''],
])('%s counts as %s', (address, peer) => {
  expect(peerOf(address)).toBe(peer)
})

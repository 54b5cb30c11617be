import { isIPv6 } from 'node:net'

/**
 * Whom an address stands for when it is counted: an IPv4 address itself, also where it is written as IPv6, and of IPv6 the network
 * of 64 bits, in which one machine has as many addresses as it likes. Pure.
 */
export function peerOf(address: string): string {
  if (!isIPv6(address)) return address
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? []
  if (mapped) return mapped
  const [head = '', tail] = (address.split('%')[0] as string).split('::')
  const groups = (text = '') => (text === '' ? [] : text.split(':'))
  const before = groups(head)
  // "::" stands for as many groups of zeros as are missing; of the 8, only the first 4 are looked at.
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - groups(tail).length)
  const all = [...before, ...Array.from({ length: zeros }, () => '0'), ...groups(tail)]
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

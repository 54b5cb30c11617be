import type { IncomingMessage } from 'node:http'
import { isIPv4 } from 'node:net'

/** Names of this machine, which no page from elsewhere can take: what asks for them was not led here by a foreign DNS. */
const NAMES = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/
/** What a proxy adds. One on this machine speaks for whoever is behind it. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/** True where a Host header, or a URL's host, is a name of this machine. */
export function isLoopbackName(host: string): boolean {
  return NAMES.test(host)
}

/** True where the request comes from this machine, by the address of its connection, and no proxy says that it passed it on. */
export function isFromHere({ headers, socket }: IncomingMessage): boolean {
  return FORWARDED.every((name) => headers[name] === undefined) && isLoopbackAddress(socket.remoteAddress ?? '')
}

function isLoopbackAddress(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'))
}

import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isCertificateFault } from './certificate-fault.ts'
import { DeliveryFailed } from './channel.ts'
import { hostOf, portOf, type Gate } from './webhook-address.ts'
import type { Lookup } from './webhook-lookup.ts'

/** Sockets at once, over all receivers. More wait, within the time of their try. */
const MOST_SOCKETS = 100

/** The same words for a name that nobody has and for one of a network that is not the caller's to know. */
const NO_ADDRESS = 'The receiver’s host has no public address at the moment.'
class NoAddress extends Error {}

/**
 * Sends one request on a connection of its own, and answers with the status alone. The address is checked in the very lookup
 * whose answer the socket connects to, so a name that leads elsewhere the second time gains nothing. No proxy, no redirect
 * followed; of the answer nothing beyond its head is read.
 */
export function createPost({ gate, lookup }: { gate: Gate; lookup: Lookup }) {
  // Made here, agents know no proxy of the environment; keepAlive would hand a checked socket to another try.
  const options = { keepAlive: false, maxTotalSockets: MOST_SOCKETS }
  const agents = { plain: new http.Agent(options), safe: new https.Agent(options) }

  const checked =
    (host: string, port: number): LookupFunction =>
    (name, { all, family }, callback) =>
      lookup(name, { all: true, family: family === 4 || family === 6 ? family : 0 }, (error, addresses) => {
        const permitted = error ? [] : addresses.filter(({ address }) => gate.permits(host, port, address))
        const [first] = permitted
        if (!first) callback(new NoAddress(NO_ADDRESS, { cause: error ?? undefined }), '', 4)
        else if (all) callback(null, permitted)
        else callback(null, first.address, first.family)
      })

  /** Rejects with DeliveryFailed, retryable unless the address itself is forbidden. A DeliveryFailed as the signal's reason is told as it is. */
  function post(url: URL, headers: Record<string, string>, body: string, signal: AbortSignal): Promise<number> {
    const host = hostOf(url)
    const port = portOf(url)
    // A literal is connected to without any lookup.
    if (isIP(host) !== 0 && !gate.permits(host, port, host))
      return Promise.reject(new DeliveryFailed('The receiver’s address is not public.', { retryable: false }))
    const safe = url.protocol === 'https:'
    return new Promise((resolve, reject) => {
      if (signal.aborted) throw cutShort(signal)
      const request = (safe ? https : http).request({
        method: 'POST',
        agent: safe ? agents.safe : agents.plain,
        host,
        port,
        ...(safe && isIP(host) === 0 && { servername: host }),
        path: url.pathname + url.search,
        headers: { ...headers, host: url.host, 'content-length': Buffer.byteLength(body) },
        lookup: checked(host, port),
        signal,
      })
      request.once('response', (response) => {
        // 2xx to 5xx: node keeps 1xx to itself.
        resolve(response.statusCode ?? 0)
        response.destroy()
      })
      request.on('error', (error) => reject(signal.aborted ? cutShort(signal) : unreachable(error)))
      // An answer that switches protocols ends without an error.
      request.once('close', () => reject(unreachable(new Error('closed without an answer'))))
      request.end(body)
    })
  }

  /** Tries under way end; they are told as failed connections. */
  function close(): void {
    agents.plain.destroy()
    agents.safe.destroy()
  }
  return { post, close }
}

function cutShort({ reason }: AbortSignal): DeliveryFailed {
  return reason instanceof DeliveryFailed
    ? reason
    : new DeliveryFailed('The try was cut short.', { retryable: true, cause: reason })
}

function unreachable(error: Error & { code?: string }): DeliveryFailed {
  return new DeliveryFailed(wordsOf(error), { retryable: true, cause: error })
}

function wordsOf(error: Error & { code?: string }): string {
  if (error instanceof NoAddress) return error.message
  const code = error.code ?? ''
  if (code === 'ECONNREFUSED') return 'The receiver refused the connection.'
  if (isCertificateFault(code)) return 'There is no safe connection to the receiver: look at its certificate.'
  return 'The connection to the receiver failed.'
}

import { Refusal, type UserError } from '../errors.ts'
import { DeliveryFailed, type Channel } from './channel.ts'
import { createGate, hostOf, portOf } from './webhook-address.ts'
import { createLookup, type Lookup } from './webhook-lookup.ts'
import { bodyOf, keyOf, signedHeaders } from './webhook-message.ts'
import { createPost } from './webhook-post.ts'

export interface WebhookInput {
  readonly url: string
  readonly secret: string
}
export interface WebhookTarget {
  /** As a URL parser writes it. */
  readonly url: string
}

/** From the lookup of the name to the head of the answer, in milliseconds. */
export const WEBHOOK_TIMEOUT = 15_000
const LONGEST_URL = 2_048
const LONGEST_HOST = 253

/**
 * News by HTTP, signed as Standard Webhooks has it. `allow`: WEBHOOK_ALLOW. `lookup`, `now` (milliseconds) and `timeout` are the
 * machine's own but for tests.
 */
export function createWebhook(deps: {
  allow: readonly string[]
  lookup?: Lookup
  now?: () => number
  timeout?: number
}): Channel<WebhookInput, WebhookTarget> {
  const { allow, now = Date.now, timeout = WEBHOOK_TIMEOUT } = deps
  const gate = createGate(allow)
  const { lookup = createLookup(gate) } = deps
  const { post, close } = createPost({ gate, lookup })

  /** What is wrong with a URL, null where nothing is. What its name leads to is looked at when it is connected to. */
  function faultOf(url: URL | null, text: string): string | null {
    if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '')
      return 'Must be a URL that starts with https:// or http://.'
    if (Math.max(text.length, url.href.length) > LONGEST_URL) return `Must have at most ${LONGEST_URL} characters.`
    // No name of the DNS is longer; and a destination that no index takes would keep its report from ending.
    if (url.hostname.length > LONGEST_HOST) return `Must name a host of at most ${LONGEST_HOST} characters.`
    if (url.username !== '' || url.password !== '') return 'Must not hold a user or a password.'
    if (text.includes('#')) return 'Must not have a fragment (#).'
    if (!gate.conceivable(hostOf(url), portOf(url)))
      return 'Must lead to a public address on port 80 or 443, or to one that the operator allows (WEBHOOK_ALLOW).'
    return null
  }

  return {
    name: 'WEBHOOK',
    takesFailures: true,

    check({ url: text, secret }) {
      const url = URL.parse(text)
      const fault = faultOf(url, text)
      const errors: UserError[] = []
      if (fault !== null) errors.push({ field: ['url'], message: fault, code: 'INVALID' })
      if (!keyOf(secret))
        errors.push({ field: ['secret'], message: 'Must be whsec_ and base64 of 24 to 64 bytes.', code: 'INVALID' })
      if (!url || errors.length > 0) throw new Refusal(errors)
      return { target: { url: url.href }, secret }
    },

    describe({ url }) {
      const { origin, pathname } = new URL(url)
      return origin + pathname
    },

    destination({ url }) {
      const { protocol, host } = new URL(url)
      return `${protocol}//${host}`
    },

    async deliver({ url }, { deliveryId, outcome, secret, signal }) {
      const key = keyOf(secret ?? '')
      if (!key) throw new DeliveryFailed('The webhook has no secret to sign with.', { retryable: false })
      const body = bodyOf(outcome)
      const headers = {
        ...signedHeaders(key, deliveryId, body, now()),
        'content-type': 'application/json',
        'user-agent': 'Broadsheet',
      }
      const late = new AbortController()
      const timer = setTimeout(
        () =>
          late.abort(
            new DeliveryFailed(`The receiver did not answer within ${timeout / 1000} s.`, { retryable: true }),
          ),
        timeout,
      )
      try {
        const status = await post(new URL(url), headers, body, AbortSignal.any([signal, late.signal]))
        if (status < 200 || status > 299) throw refused(status)
      } finally {
        clearTimeout(timer)
      }
    },

    async close() {
      close()
    },
  }
}

/** Each refusal but 410 may be over after a deploy at the other end. */
function refused(status: number): DeliveryFailed {
  const why = status === 410 ? ' It wants no more of this.' : status < 400 ? ' Redirects are not followed.' : ''
  return new DeliveryFailed(`The receiver answered ${status}.${why}`, { retryable: status !== 410 })
}

import { RateLimited, Unauthenticated } from '../errors.ts'
import type { Authenticator } from '../identity/authenticate.ts'
import type { Viewer } from '../identity/viewer.ts'
import type { Limits, Rate } from '../limits.ts'
import { createBadTokens } from '../rate/bad-tokens.ts'
import { createBuckets } from '../rate/buckets.ts'
import { peerOf } from '../rate/peer.ts'
import type { RateLimit } from '../rate/rate-limit.ts'
import type { Door } from './execution.ts'
import { createHeld } from './held.ts'

/** What to wait when something has to end first and nobody knows when, in seconds. */
const UNKNOWN = 1

/**
 * The one policy of all doors: who comes in, and how much it may take. Rates hold over all API processes; what is open at once
 * (sockets, subscriptions) and messages are counted in each process, as they live and end with it.
 */
export function createAdmission({
  authenticator,
  limits: usual,
  badTokens: badTokenRate,
  rateLimit,
}: {
  authenticator: Pick<Authenticator, 'authenticate'>
  limits: Limits
  /** Of one address. */
  badTokens: Rate
  rateLimit: RateLimit
}) {
  const badTokens = createBadTokens({ rateLimit, rate: badTokenRate })
  const sockets = createHeld()
  const subscriptions = createHeld()
  const messages = createBuckets()

  function limitsOf(viewer: Viewer | null): Limits {
    return viewer?.limits ? ({ ...usual, ...viewer.limits } as Limits) : usual
  }

  /** Counts one operation. Throws RateLimited. */
  async function operation(viewer: Viewer | null, address: string): Promise<void> {
    // Nobody can be told from nobody but by the address; there is little to be had without a credential.
    const wait = await rateLimit.take(viewer ? callerOf(viewer) : `address:${peerOf(address)}`, limitsOf(viewer).rate)
    if (wait > 0) throw tooFast(wait)
  }

  /**
   * Who that is, null where no credential is shown. Throws Unauthenticated for a bad one, RateLimited for too many of them from this
   * address, and Unavailable where nobody can say now.
   */
  async function authenticate(authorization: string | null | undefined, address: string): Promise<Viewer | null> {
    if (authorization == null) return null
    const early = badTokens.wait(address, authorization)
    if (early > 0) throw tooFast(early)
    try {
      const viewer = await authenticator.authenticate(authorization)
      if (viewer) badTokens.welcome(authorization)
      return viewer
    } catch (error) {
      if (!(error instanceof Unauthenticated)) throw error
      const wait = await badTokens.refused(address, authorization)
      throw wait > 0 ? tooFast(wait) : error
    }
  }

  return {
    limitsOf,
    operation,
    authenticate,

    /** Of one request. Throws what authenticate throws, and RateLimited. */
    async request(authorization: string | null | undefined, address: string): Promise<Door> {
      const viewer = await authenticate(authorization, address)
      await operation(viewer, address)
      return { viewer, limits: limitsOf(viewer) }
    },

    /** A socket of the viewer, until what it answers is called. Throws RateLimited. */
    socket(viewer: Viewer): () => void {
      const { sockets: most } = limitsOf(viewer)
      const end = sockets.hold(callerOf(viewer), most)
      if (!end) throw new RateLimited(`You have ${most} sockets open, and may not have more: close one.`, UNKNOWN)
      return end
    },

    /** A subscription of the viewer, until what it answers is called. Throws RateLimited. */
    subscription(viewer: Viewer): () => void {
      const { subscriptions: most } = limitsOf(viewer)
      const end = subscriptions.hold(callerOf(viewer), most)
      if (!end)
        throw new RateLimited(`You have ${most} subscriptions under way, and may not have more: end one.`, UNKNOWN)
      return end
    },

    /** A message on a socket of the viewer, or on one (named by `socket`) of nobody yet: 0, or the milliseconds until there may be another. */
    message(viewer: Viewer | null, socket: string): number {
      const { messages: most } = limitsOf(viewer)
      return messages.take(viewer ? callerOf(viewer) : socket, { most, seconds: 1 })
    },
  }
}

export type Admission = ReturnType<typeof createAdmission>

export function tooFast(wait: number): RateLimited {
  const seconds = Math.max(1, Math.ceil(wait / 1_000))
  return new RateLimited(`That is too fast: try again in ${seconds} s.`, seconds)
}

/** A token with limits of its own counts by itself; all else that a user has counts together. */
function callerOf({ limits, apiTokenId, tenantId, userId }: Viewer): string {
  return limits && apiTokenId !== null ? `token:${apiTokenId}` : `user:${tenantId}:${userId}`
}

import type { ExecutionResult } from 'graphql'
import { Unauthenticated } from '../errors.ts'
import type { Authenticator } from '../identity/authenticate.ts'
import type { Viewer } from '../identity/viewer.ts'
import type { Log } from '../log.ts'

/**
 * How often the credentials behind what lives long are looked at again, in milliseconds: all at once, which is one statement. Half of
 * the five seconds that are promised, so that one look may take long.
 */
const RECHECK_EVERY = 2_500

/** Watches the credentials of sockets and streams: expired, revoked, another role or a removed user ends them within 5 s. */
export function createCredentialWatch({ authenticator, log }: { authenticator: Authenticator; log: Log }) {
  const looks = new Set<() => void>()
  let timer: NodeJS.Timeout | undefined

  /** Calls `onEnd` once the credential is no longer good. Answers how to stop watching. */
  function watch(viewer: Viewer, onEnd: () => void): () => void {
    const stop = () => {
      looks.delete(look)
      if (looks.size > 0) return
      clearInterval(timer)
      timer = undefined
    }
    const look = () =>
      void authenticator.recheck(viewer).then(
        (good) => {
          if (good || !looks.has(look)) return
          stop()
          onEnd()
        },
        // Nobody can say now: what lives goes on until somebody can.
        (error: unknown) => log.debug({ err: error }, 'a credential could not be looked at again'),
      )
    looks.add(look)
    timer ??= setInterval(() => looks.forEach((each) => each()), RECHECK_EVERY)
    // At once too: the door lets in by answers that may be some seconds old.
    look()
    return stop
  }

  return {
    watch,
    /**
     * The stream, ended with `last` when the viewer's credential ends. What it throws is its last result too: an answer that is
     * under way has no other end that its reader would hear of.
     */
    bound(
      stream: AsyncIterableIterator<ExecutionResult>,
      viewer: Viewer,
      last: (error: unknown) => ExecutionResult,
    ): AsyncIterableIterator<ExecutionResult> {
      let ended = false
      const stop = watch(viewer, () => {
        ended = true
        void stream.return?.()
      })
      return {
        async next() {
          try {
            const step = await stream.next()
            if (!step.done) return step
            stop()
            if (!ended) return step
          } catch (error) {
            stop()
            return { done: false, value: last(error) }
          }
          ended = false
          return { done: false, value: last(new Unauthenticated()) }
        },
        async return() {
          stop()
          await stream.return?.()
          return { done: true, value: undefined }
        },
        [Symbol.asyncIterator]() {
          return this
        },
      }
    },
  }
}

export type CredentialWatch = ReturnType<typeof createCredentialWatch>

import type { ExecutionResult } from 'graphql'
import type { Authenticator } from '../identity/authenticate.ts'
import type { Viewer } from '../identity/viewer.ts'
import type { Log } from '../log.ts'

/** How often the credential behind something that lives long is looked at again, in milliseconds. */
const RECHECK_EVERY = 4_000

/** Watches the credentials of sockets and streams: expired, revoked, another role or a removed user ends them within 5 s. */
export function createCredentialWatch({ authenticator, log }: { authenticator: Authenticator; log: Log }) {
  /** Calls `onEnd` once the credential is no longer good. Answers how to stop watching. */
  function watch(viewer: Viewer, onEnd: () => void): () => void {
    const timer = setInterval(() => {
      authenticator.recheck(viewer).then(
        (good) => {
          if (good) return
          clearInterval(timer)
          onEnd()
        },
        // Nobody can say now: what lives goes on until somebody can.
        (error: unknown) => log.debug({ err: error }, 'a credential could not be looked at again'),
      )
    }, RECHECK_EVERY)
    return () => clearInterval(timer)
  }

  return {
    watch,
    /** The stream, ended with `last` when the viewer's credential ends. */
    bound(
      stream: AsyncIterableIterator<ExecutionResult>,
      viewer: Viewer,
      last: () => ExecutionResult,
    ): AsyncIterableIterator<ExecutionResult> {
      let ended = false
      const stop = watch(viewer, () => {
        ended = true
        void stream.return?.()
      })
      return {
        async next() {
          const step = await stream.next()
          if (!step.done) return step
          stop()
          if (!ended) return step
          ended = false
          return { done: false, value: last() }
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

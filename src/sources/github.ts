import { Octokit } from '@octokit/core'
import { retry } from '@octokit/plugin-retry'
import { ReportError, type GithubSource } from '../report-type/define.ts'
import { afterAnswer, type Answered } from './github-waits.ts'

/** One request may take so long to be answered, in milliseconds. */
const ANSWER_WITHIN = 30_000
/** Connections that are refused and answers that fail are asked again so often. */
const TRIES_MORE = 4
/** No longer is waited for a limit within one attempt, in milliseconds; beyond it the report is tried again later. */
const LONGEST_WAIT = 5 * 60_000

interface RequestError extends Error {
  readonly status: number
  readonly response?: {
    readonly headers: Readonly<Record<string, string | number | undefined>>
    readonly data?: unknown
  }
}

/**
 * GitHub's REST API for one attempt. Octokit asks and its plug-in asks again; when, and whether at all, GitHub's own signals say
 * (github-waits.ts). A limit that one request meets is waited for by all of them, and none is asked meanwhile.
 * @param options.wait the pause between two tries, and `now` the monotonic clock beside it: a test's own go faster.
 */
export function createGithubSource(
  settings: { url: string; token: string | null },
  options: { signal: AbortSignal; wait?: typeof pause; now?: () => number },
): GithubSource {
  const { signal, wait = pause, now = () => performance.now() } = options
  /** No request before this moment, in milliseconds of the monotonic clock. */
  let closedUntil = 0
  let waited = 0
  /** What is to be said of an error that is not tried again. */
  const words = new WeakMap<object, ReportError>()

  /** Listed before the plug-in: what it hooks is done within each of the plug-in's tries. */
  function limits(octokit: Octokit): object {
    octokit.hook.before('request', async () => {
      for (let left = closedUntil - now(); left > 0; left = closedUntil - now()) await wait(left, signal)
      signal.throwIfAborted()
    })
    octokit.hook.error('request', async (error, request) => {
      signal.throwIfAborted()
      const { retryCount = 0 } = request.request as { retryCount?: number }
      const next = afterAnswer(answered(error as RequestError), retryCount)
      const mayWait = next.kind === 'limited' ? waited + next.milliseconds <= LONGEST_WAIT : retryCount < TRIES_MORE
      if (next.kind === 'refused' || !mayWait) {
        words.set(
          error,
          new ReportError(next.message, { code: next.code, retryable: next.kind !== 'refused', cause: error }),
        )
        throw error
      }
      if (next.kind === 'limited') {
        const until = now() + next.milliseconds
        // What several requests wait for together is waited for once.
        waited += Math.max(0, until - Math.max(closedUntil, now()))
        closedUntil = Math.max(closedUntil, until)
      } else await wait(next.milliseconds, signal)
      throw (octokit as Octokit & ReturnType<typeof retry>).retry.retryRequest(error as never, retryCount + 1, 0)
    })
    return {}
  }
  const octokit = new (Octokit.plugin(limits, retry))({
    baseUrl: settings.url,
    userAgent: 'broadsheet',
    // Its own list and pauses know nothing of limits.
    retry: { retryAfterBaseValue: 0, doNotRetry: ALL_STATUSES },
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    ...(settings.token === null ? {} : { auth: settings.token }),
  })

  return {
    async get(path, query = {}) {
      try {
        const { data } = await octokit.request(`GET ${path}`, {
          ...query,
          request: {
            signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_WAIT + ANSWER_WITHIN)]),
            fetch: askWithin,
          },
        })
        return data as unknown
      } catch (error) {
        if (signal.aborted) throw signal.reason
        throw (
          words.get(error as object) ??
          new ReportError('GitHub did not answer.', { code: 'SOURCE_UNAVAILABLE', cause: error })
        )
      }
    },
  }
}

/** Every status that is an error: the plug-in itself decides about none. */
const ALL_STATUSES = Array.from({ length: 200 }, (_, index) => 400 + index)

/** Each try has its own time; Octokit's signal is that of all tries. */
function askWithin(url: string, init: RequestInit): Promise<Response> {
  const within = AbortSignal.timeout(ANSWER_WITHIN)
  return fetch(url, { ...init, signal: init.signal ? AbortSignal.any([init.signal, within]) : within })
}

function answered({ status, response, message }: RequestError): Answered {
  const said = (response?.data as { message?: unknown } | undefined)?.message
  // Without an answer Octokit says 500.
  return {
    status: response ? status : null,
    headers: response?.headers ?? {},
    message: typeof said === 'string' ? said : message,
    now: Date.now(),
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, milliseconds)
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    await promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

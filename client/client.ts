import { createApi, type ApiOptions } from './api.ts'
import { documentBytes, type DownloadOptions } from './document-bytes.ts'
import { NoDocument, Refused } from './errors.ts'
import {
  CancelReportDocument,
  OneReportDocument,
  RequestReportDocument,
  type DocumentFactsFragment,
  type OneReportQuery,
  type RequestReportInput,
  type RequestReportMutation,
} from './generated/graphql.ts'
import { pause, waitAskedBy } from './patience.ts'
import { save, targetOf } from './save.ts'
import { watchReport, type WatchOptions } from './watch-report.ts'

export type { ProgressFactsFragment as Progress, RequestReportInput } from './generated/graphql.ts'
export { ApiError, ConnectionLost, Damaged, NoDocument, Refused, TOO_MANY, type UserError } from './errors.ts'
/** As requestReport answers it. */
export type RequestedReport = NonNullable<RequestReportMutation['requestReport']['report']>
export type Report = NonNullable<OneReportQuery['report']>
/** A document's facts, and the absolute path where its bytes are now. */
export type Downloaded = DocumentFactsFragment & { path: string }

interface Asking {
  signal?: AbortSignal | undefined
}

/** How often a request is sent whose answer did not come. */
const TRIES = 4
/** Milliseconds before the second; twice as long before each one after. */
const FIRST_WAIT = 250

export type Client = ReturnType<typeof createClient>

/**
 * Reports, asked for by a program: `requestReport`, `watch`, `download`. `api` asks and subscribes with any typed document of
 * client/generated. Nothing is connected before it is asked; close() ends the WebSocket.
 */
export function createClient(options: ApiOptions) {
  const api = createApi(options)

  /** Asks again, a few times, where that may help: only what does no more when it is asked twice. */
  async function patiently<Result>(ask: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await ask()
      } catch (error) {
        const asked = waitAskedBy(error)
        if (asked === null || tries === TRIES) throw error
        await pause(Math.max(asked, FIRST_WAIT * 2 ** (tries - 1)), signal)
      }
    }
  }

  /** Null for an unknown or a foreign id. */
  async function report(id: string, { signal }: Asking = {}): Promise<Report | null> {
    return (await patiently(() => api.ask(OneReportDocument, { id }, signal), signal)).report
  }

  /** Throws NoDocument. */
  async function documentOf(id: string, signal: AbortSignal | undefined): Promise<DocumentFactsFragment> {
    const found = await report(id, { signal })
    if (!found?.document) throw new NoDocument(found)
    return found.document
  }

  return {
    api,
    report,

    /**
     * Asks for a report; the answer comes at once. Where it gets lost it is asked for again under one idempotency key (the input's
     * or one made here), so that no second report comes of it. Throws Refused with what is wrong in the input, ApiError, ConnectionLost.
     */
    async requestReport(input: RequestReportInput, { signal }: Asking = {}): Promise<RequestedReport> {
      const keyed = { ...input, idempotencyKey: input.idempotencyKey ?? crypto.randomUUID() }
      const { requestReport } = await patiently(() => api.ask(RequestReportDocument, { input: keyed }, signal), signal)
      if (!requestReport.report) throw new Refused(requestReport.userErrors)
      return requestReport.report
    },

    /** Progress to the terminal event; after a lost connection it goes on behind the last event that was seen. */
    watch: (id: string, options?: WatchOptions) => watchReport(api, id, options),

    /** Throws Refused where it can't be cancelled any more, or is not the caller's. */
    async cancelReport(id: string, { signal }: Asking = {}) {
      const { report: canceled, userErrors } = (await api.ask(CancelReportDocument, { id }, signal)).cancelReport
      if (userErrors.length > 0 || !canceled) throw new Refused(userErrors)
      return canceled
    },

    /** A document's bytes as they come; right only once the last has come. See documentBytes. */
    bytes: (id: string, options: DownloadOptions = {}) => documentBytes(() => documentOf(id, options.signal), options),

    /**
     * Saves a SUCCEEDED report's document as `path`, or under its own name in the directory `path`. The file is there only when size and
     * SHA-256 are what the API said. Throws NoDocument, Damaged, ApiError, ConnectionLost; nothing is left then.
     */
    async download(id: string, path: string, options: DownloadOptions = {}): Promise<Downloaded> {
      const document = await documentOf(id, options.signal)
      const target = await targetOf(path, document.fileName)
      await save(
        documentBytes(() => documentOf(id, options.signal), options),
        target,
        options.signal,
      )
      return { ...document, path: target }
    },

    close: api.close,
  }
}

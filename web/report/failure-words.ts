import type { ReportFailureCode } from '../generated/graphql.ts'

export interface FailureWords {
  /** What happened. */
  readonly what: string
  /** What the reader, or whoever they ask, can do. */
  readonly remedy: string
}

/** A failure in plain words, by its code. The API's own message, which knows the case, stands beside it. */
export const FAILURE_WORDS: Readonly<Record<ReportFailureCode, FailureWords>> = {
  TIMEOUT: {
    what: 'It took longer than reports of this type may.',
    remedy: 'Ask for a shorter period or fewer rows, or have the type’s timeout raised.',
  },
  WORKER_LOST: {
    what: 'The process that wrote it ended in the middle of it.',
    remedy: 'Retry it. If it happens again, whoever runs Broadsheet finds the reason in the worker’s log.',
  },
  SOURCE_UNAVAILABLE: {
    what: 'The database or service that it reads did not answer.',
    remedy: 'Retry it when the source is reachable again.',
  },
  SOURCE_QUERY_FAILED: {
    what: 'The source refused the query, or the report’s own code gave up.',
    remedy: 'Look at the message. If the values asked for are right, the report type has to be mended by its author.',
  },
  SOURCE_RATE_LIMITED: {
    what: 'The source wants to be left alone for a while.',
    remedy: 'Retry it later, or ask for less at once.',
  },
  ROW_LIMIT: {
    what: 'There are more rows than the type allows, or than the format has room for. Nothing was cut off silently.',
    remedy:
      'Ask for a shorter period or a narrower choice; if it is an XLSX sheet that is full, ask for CSV or Parquet.',
  },
  FORMAT_LIMIT: {
    what: 'The format has no room for one of the values.',
    remedy: 'Ask for the same in another format: CSV takes everything.',
  },
  INVALID_PARAMETERS: {
    what: 'The values asked for turned out not to fit.',
    remedy: 'Ask again with other values; the message says which one is wrong.',
  },
  STORAGE_FAILED: {
    what: 'The finished rows could not be stored.',
    remedy: 'Whoever runs Broadsheet looks at the store: room, rights, keys. Then retry it.',
  },
  ACCESS_DENIED: {
    what: 'Whoever asked for it may not have it any more.',
    remedy: 'Somebody who may can ask for it, or an administrator gives the right back.',
  },
  TYPE_REMOVED: {
    what: 'No worker knows this type of report any more.',
    remedy: 'If the type was renamed, ask for the new one; else have its file put back, then retry.',
  },
  INTERNAL: {
    what: 'Something went wrong that nobody foresaw.',
    remedy: 'Whoever runs Broadsheet finds the cause in the worker’s log, by this report’s id.',
  },
}

/** A code that this page was not built with is told by the API's message alone. */
export function failureWords(code: string): FailureWords {
  return (FAILURE_WORDS as Readonly<Record<string, FailureWords>>)[code] ?? { what: 'It failed.', remedy: '' }
}

import { DeliveryFailed } from './channel.ts'

/** What a warehouse or the way to it answers, in the words of a delivery's last error: no value, statement, host or role. */

interface PostgresError extends Error {
  code?: string
  /** "COPY sales, line 3, column amount: ..." in the server's language. */
  where?: string
  column?: string
  constraint?: string
}

const SYSTEM = /^(E[A-Z]{3,}|ERR_SSL|ERR_TLS|CERT_|DEPTH_|UNABLE_|SELF_SIGNED|HOSTNAME_)/
const DRIVER = /connection terminated|timeout expired|does not support SSL|not queryable|connection error/i

/** Gone, going down, not to be entered, or read-only because another has taken over: the operator's to mend, and worth waiting for. */
const AWAY = /^(08|57P0|28|3D000|25006)/
/** Full, locked, deadlocked, or stopped by somebody: it may fit in later. */
const LATER = /^(40|53|55P03|55006|57014|58|25P0[34])/

/** Takes errors of pg and of the network for what they mean; any other comes back as it is. */
export function warehouseFailure(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DeliveryFailed) return error
  const { code = '', message } = error as PostgresError
  const failed = (words: string, retryable = false) => new DeliveryFailed(words, { retryable, cause: error })
  if (AWAY.test(code) || SYSTEM.test(code) || (code === '' && DRIVER.test(message)))
    return failed('The warehouse did not answer, or the connection to it was lost.', true)
  // Amazon Redshift tells of two writers at once in these words.
  if (LATER.test(code) || /serializable isolation violation/i.test(message))
    return failed(`The warehouse could not take the load now (${code}).`, true)
  if (!/^[0-9A-Z]{5}$/.test(code)) return error
  return failed(`${refusal(error, code)} (${code}). Nothing was loaded.`)
}

function refusal(error: PostgresError, code: string): string {
  const at = place(error)
  const named = error.constraint === undefined ? '' : ` "${error.constraint}"`
  switch (code) {
    case '23505':
      return `A row is there already: it breaks the unique rule${named} of the table${at}`
    case '23514':
      return `A row breaks the check${named} of the table${at}`
    case '23503':
      return `A row refers to one that is not there: it breaks the rule${named} of the table${at}`
    case '23502':
      return `A cell is empty that may not be${at}`
    case '42501':
      return 'The service has not the rights at the warehouse that this load needs: the operator has to grant them'
    case '42P01':
    case '3F000':
      return 'The warehouse has no such table'
    case '22P04':
      return `The document does not fit the load${at}`
    default:
      return at !== '' && /^2[23]/.test(code) ? `A value does not fit${at}` : 'The warehouse refused the load'
  }
}

/** Where in the document, as far as the warehouse says; its line counts the header and breaks within cells. */
function place({ where = '', column }: PostgresError): string {
  const [, line, name] = /^COPY [^,\n]+, line (\d+)(?:, column ([^\n]*?): )?/.exec(where) ?? []
  const cell = name ?? column
  const words = [cell !== undefined && `column "${cell}"`, line !== undefined && `line ${line} of the document`]
  const known = words.filter((word) => word !== false)
  return known.length === 0 ? '' : `, at ${known.join(', ')}`
}

import type { Connection } from '../api/connection.ts'
import { asFailure } from '../api/failure.ts'
import {
  CancelReportDocument,
  DeleteReportDocument,
  RegenerateReportDocument,
  RetryDeliveryDocument,
  RetryReportDocument,
} from '../generated/graphql.ts'

/** Null: it was done; else why not, in words for who asked. */
export type Refused = string | null

interface Payload {
  readonly userErrors: readonly { readonly message: string }[]
}

async function told(payload: Promise<Payload>): Promise<Refused> {
  try {
    const { userErrors } = await payload
    return userErrors.length === 0 ? null : userErrors.map(({ message }) => message).join(' ')
  } catch (error) {
    return asFailure(error).message
  }
}

/** What can be done with reports that are there. None rejects. */
export function createVerbs(connection: Connection) {
  /** Of each report that is to be made again: one key for one intent, kept until its answer is here, so that no answer makes two. */
  const keys = new Map<string, string>()

  return {
    cancel: (id: string) => told(connection.ask(CancelReportDocument, { id }).then((answer) => answer.cancelReport)),
    retry: (id: string) => told(connection.ask(RetryReportDocument, { id }).then((answer) => answer.retryReport)),
    delete: (id: string) => told(connection.ask(DeleteReportDocument, { id }).then((answer) => answer.deleteReport)),
    retryDelivery: (id: string) =>
      told(connection.ask(RetryDeliveryDocument, { id }).then((answer) => answer.retryDelivery)),

    /** `made` is called with the new report's id. */
    regenerate(id: string, made: (newId: string) => void): Promise<Refused> {
      const idempotencyKey = keys.get(id) ?? crypto.randomUUID()
      keys.set(id, idempotencyKey)
      return told(
        connection.ask(RegenerateReportDocument, { id, idempotencyKey }).then(({ regenerateReport: answer }) => {
          keys.delete(id)
          if (answer.report) made(answer.report.id)
          return answer
        }),
      )
    },
  }
}

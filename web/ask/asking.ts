import { useEffect, useRef, useState } from 'preact/hooks'
import { createIntent, persistently } from '../api/intent.ts'
import { Failure } from '../api/failure.ts'
import { AskForDocument, type RequestReportInput } from '../generated/graphql.ts'
import { useSigned } from '../session/viewer.tsx'
import { fieldErrors, type FieldError } from './errors.ts'

/** How a try stands. */
export interface Try {
  readonly busy: boolean
  readonly errors: readonly FieldError[]
  /** Why there was no answer, in words. */
  readonly failure: string | null
}
const QUIET: Try = { busy: false, errors: [], failure: null }

/** Asks for a report, once for each intent. `made` hears of it while this is still on the page. */
export function useAsking(made: (reportId: string) => void) {
  const { connection } = useSigned()
  const [now, setNow] = useState(QUIET)
  const intent = useRef(createIntent())
  const left = useRef(false)
  const busy = useRef(false)
  useEffect(() => () => void (left.current = true), [])

  async function ask(input: Omit<RequestReportInput, 'idempotencyKey'>): Promise<void> {
    // Enter twice is one request.
    if (busy.current) return
    busy.current = true
    setNow({ ...QUIET, busy: true })
    const whole = { ...input, idempotencyKey: intent.current.keyOf(input) }
    try {
      const { requestReport } = await persistently(
        () => connection.ask(AskForDocument, { input: whole }),
        () => left.current,
      )
      const { report, userErrors } = requestReport
      if (report) {
        intent.current.over()
        if (!left.current) made(report.id)
      }
      setNow({ ...QUIET, errors: report ? [] : fieldErrors(userErrors) })
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      setNow({ ...QUIET, failure: told(error) })
    } finally {
      busy.current = false
    }
  }
  return { ...now, ask }
}

function told({ code, message }: Failure): string {
  if (code === 'OFFLINE')
    return 'The service can’t be reached. What you have filled in is kept: ask again, and one report comes of it, even where this one had arrived.'
  return message
}

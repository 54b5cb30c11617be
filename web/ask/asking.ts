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
  /** Grows with each refusal, so that each can be led to. */
  readonly refusals: number
  /** Why there was no answer, in words. */
  readonly failure: string | null
}
const QUIET: Try = { busy: false, errors: [], refusals: 0, failure: null }

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
    const stand = (part: Partial<Try>) => setNow(({ refusals }) => ({ ...QUIET, refusals, ...part }))
    stand({ busy: true })
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
      if (report) stand({})
      else setNow(({ refusals }) => ({ ...QUIET, refusals: refusals + 1, errors: fieldErrors(userErrors) }))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      stand({ failure: told(error) })
    } finally {
      busy.current = false
    }
  }

  /** What was refused is refused no longer once it was changed. */
  function forget(names: readonly string[]): void {
    const stays = ({ path }: FieldError) => !names.includes(path[0] ?? '')
    setNow((old) => (old.errors.every(stays) ? old : { ...old, errors: old.errors.filter(stays) }))
  }
  return { ...now, ask, forget }
}

function told({ code, message }: Failure): string {
  if (code === 'OFFLINE')
    return 'The service can’t be reached. What you have filled in is kept: ask again, and one report comes of it, even where this one had arrived.'
  return message
}

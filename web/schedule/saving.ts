import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Failure } from '../api/failure.ts'
import { createIntent, persistently } from '../api/intent.ts'
import { fieldErrors, type FieldError } from '../ask/errors.ts'
import type { AskedType } from '../ask/values.ts'
import { CreateScheduleDocument, UpdateScheduleDocument, type CreateScheduleInput } from '../generated/graphql.ts'
import { isTimeZone, UNKNOWN_ZONE } from '../parts/time-zone.tsx'
import { useSigned } from '../session/viewer.tsx'
import { changesOf, inputOf, type Beginning, type Plan } from './plan.ts'

const OFFLINE =
  'The service can’t be reached. What you have filled in is kept: send it again, and one schedule comes of it, even where this one had arrived.'

/** Makes a schedule, once for each intent, or changes one by what is another than it was. `saved` hears of it while this is on the page. */
export function useSaving({ plan: first, type: firstType, of }: Beginning, saved: (id: string) => void) {
  const { connection } = useSigned()
  const [errors, setErrors] = useState<readonly FieldError[]>([])
  const [failure, setFailure] = useState<string | null>(null)
  const [refusals, setRefusals] = useState(0)
  const [busy, setBusy] = useState(false)
  const intent = useRef(createIntent())
  const sending = useRef(false)
  const left = useRef(false)
  useEffect(() => () => void (left.current = true), [])
  const before = useMemo(() => inputOf(first, firstType), [])

  async function send(input: CreateScheduleInput) {
    if (!of) {
      const whole = { ...input, idempotencyKey: intent.current.keyOf(input) }
      return (await connection.ask(CreateScheduleDocument, { input: whole })).createSchedule
    }
    const changes = typeof before === 'string' ? input : changesOf(before, input)
    if (Object.keys(changes).length === 0) return { schedule: of, userErrors: [] }
    return (await connection.ask(UpdateScheduleDocument, { input: { id: of.id, ...changes } })).updateSchedule
  }

  function refuse(found: readonly FieldError[]): void {
    setErrors(found)
    if (found.length > 0) setRefusals((many) => many + 1)
  }

  async function save(plan: Plan, type: AskedType | null): Promise<void> {
    // Enter twice is one schedule.
    if (sending.current) return
    setFailure(null)
    if (!isTimeZone(plan.timeZone)) return refuse([{ path: ['timeZone'], message: UNKNOWN_ZONE }])
    if (type && type.name !== plan.type)
      return refuse([
        { path: ['report'], message: 'What it needs to know is still being read. Try again in a moment.' },
      ])
    const input = inputOf(plan, type)
    if (plan.type === '') return refuse([{ path: ['report'], message: 'Choose what it asks for.' }])
    if (typeof input === 'string') return refuse([{ path: ['cadence'], message: input }])
    setBusy((sending.current = true))
    try {
      const { schedule, userErrors } = await persistently(
        () => send(input),
        () => left.current,
      )
      refuse(fieldErrors(userErrors))
      if (!schedule) return
      intent.current.over()
      if (!left.current) saved(schedule.id)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      setFailure(error.code === 'OFFLINE' ? OFFLINE : error.message)
    } finally {
      setBusy((sending.current = false))
    }
  }

  /** What was refused is refused no longer once it was changed. */
  function forget(names: readonly string[]): void {
    const stays = ({ path }: FieldError) => !names.includes(path[0] ?? '')
    setErrors((old) => (old.every(stays) ? old : old.filter(stays)))
  }
  return {
    errors,
    /** Grows with each refusal, so that each can be led to. */
    refusals,
    failure,
    busy,
    save,
    forget,
  }
}

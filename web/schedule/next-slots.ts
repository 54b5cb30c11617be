import { useEffect, useState } from 'preact/hooks'
import type { Failure } from '../api/failure.ts'
import { createTurns } from '../api/turns.ts'
import { fieldErrors, type FieldError } from '../ask/errors.ts'
import { NextSlotsDocument, type CadenceInput } from '../generated/graphql.ts'
import { isTimeZone } from '../parts/time-zone.tsx'
import { useSigned } from '../session/viewer.tsx'

/** Milliseconds after the last key until the service is asked. */
const TYPING = 250

export interface NextSlots {
  readonly slots: readonly string[]
  readonly errors: readonly FieldError[]
  /** Of what was typed before; the answer is under way. */
  readonly old: boolean
  readonly failure: Failure | null
}
const NONE: NextSlots = { slots: [], errors: [], old: false, failure: null }

/** The slots that a cadence would have from now on, as the service reckons them: the newest question is answered, no other. */
export function useNextSlots(cadence: CadenceInput | null, timeZone: string): NextSlots {
  const { connection } = useSigned()
  const [next, set] = useState<NextSlots>(NONE)
  const asked = JSON.stringify([cadence, timeZone])

  useEffect(() => {
    // A zone that is half typed is told at its field.
    if (cadence === null || !isTimeZone(timeZone)) return set(NONE)
    let over = false
    set((before) => ({ ...before, old: true }))
    const turns = createTurns(
      async () => {
        const { slots, userErrors } = (await connection.ask(NextSlotsDocument, { cadence, timeZone })).upcomingSlots
        if (!over) set({ slots, errors: fieldErrors(userErrors), old: false, failure: null })
      },
      (failure) => set({ ...NONE, failure }),
    )
    const later = setTimeout(() => turns.ask('at once'), TYPING)
    return () => {
      over = true
      clearTimeout(later)
      turns.close()
    }
  }, [connection, asked])
  return next
}

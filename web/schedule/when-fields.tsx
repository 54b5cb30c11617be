import { useState } from 'preact/hooks'
import { below, messageOf, type FieldError } from '../ask/errors.ts'
import { isTimeZone, TimeZoneField } from '../parts/time-zone.tsx'
import { cadenceInput } from './cadence-draft.ts'
import { CadenceFields } from './cadence-fields.tsx'
import { useNextSlots } from './next-slots.ts'
import type { Beginning, Plan } from './plan.ts'
import { Preview } from './preview.tsx'

interface Props {
  beginning: Beginning
  plan: Pick<Plan, 'cadence' | 'timeZone'>
  change: (part: Partial<Plan>) => void
  /** All of the last refusal. */
  errors: readonly FieldError[]
}

/** The cadence and its zone; beside them what they come to, as one types. */
export function WhenFields({ beginning: { plan: first, of }, plan: { cadence, timeZone }, change, errors }: Props) {
  const [touched, setTouched] = useState(false)
  const input = cadenceInput(cadence, isTimeZone(timeZone) ? timeZone : 'UTC')
  const next = useNextSlots(typeof input === 'string' ? null : input, timeZone)
  // As it stands its own slots are what comes; another cadence counts from now on.
  const asItWas =
    of !== null &&
    !of.paused &&
    timeZone === of.timeZone &&
    JSON.stringify(input) === JSON.stringify(cadenceInput(first.cadence, first.timeZone))
  const shown = asItWas ? { ...next, slots: of.upcoming, errors: [] } : next
  const told = (name: string) => {
    const refused = below(errors, name)
    return refused.length > 0 || !touched ? refused : below(shown.errors, name)
  }

  const set = (part: Partial<Plan>) => {
    setTouched(true)
    change(part)
  }
  return (
    <div class="when-fields">
      <div>
        <CadenceFields
          value={cadence}
          change={(part) => set({ cadence: { ...cadence, ...part } })}
          errors={told('cadence')}
          timeZone={timeZone}
        />
        <TimeZoneField
          help="In which the cadence and relative dates are meant."
          value={timeZone}
          change={(name) => set({ timeZone: name })}
          error={messageOf(told('timeZone'))}
        />
      </div>
      <Preview cadence={input} timeZone={timeZone} next={shown} />
    </div>
  )
}

import type { CadenceInput } from '../generated/graphql.ts'
import { isTimeZone } from '../parts/time-zone.tsx'
import { cadenceOf } from './cadence-draft.ts'
import { cadenceWords } from './cadence-words.ts'
import type { NextSlots } from './next-slots.ts'
import { Upcoming } from './when.tsx'

interface Props {
  /** A text where it is not whole. */
  cadence: CadenceInput | string
  timeZone: string
  next: NextSlots
}

/** What was typed, in words, and the next five runs as the service reckons them. */
export function Preview({ cadence, timeZone, next }: Props) {
  const known = isTimeZone(timeZone)
  const words = known ? cadenceOf(cadence, timeZone) : null
  return (
    <section class="next-runs" aria-label="Next runs">
      <h3>Next runs</h3>
      <p class="next-words" role="status">
        {typeof cadence === 'string' ? cadence : words && next.errors.length === 0 && cadenceWords(words)}
      </p>
      {next.failure && <p class="help">{next.failure.message}</p>}
      {known && next.slots.length > 0 && (
        <div class={next.old ? 'old' : undefined}>
          <Upcoming slots={next.slots} zone={timeZone} />
        </div>
      )}
    </section>
  )
}

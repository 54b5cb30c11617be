import type { ScheduleOverlapPolicy } from '../generated/graphql.ts'
import { below, messageOf, type FieldError } from '../ask/errors.ts'
import { Field, FieldGroup } from '../parts/field.tsx'
import type { Plan } from './plan.ts'
import { inOurWords, OVERLAPS, WINDOWS, windowWords } from './words.ts'

interface Props {
  plan: Pick<Plan, 'overlapPolicy' | 'catchUpWindow'>
  change: (part: Partial<Plan>) => void
  errors: readonly FieldError[]
}

/** What happens when things do not go by plan. */
export function RulesFields({ plan: { overlapPolicy, catchUpWindow }, change, errors }: Props) {
  const windows = WINDOWS.includes(catchUpWindow) ? WINDOWS : [...WINDOWS, catchUpWindow]
  return (
    <>
      <FieldGroup
        label="If a slot comes while a report of this schedule still runs"
        error={inOurWords(messageOf(below(errors, 'overlapPolicy')))}
      >
        {(id) => (
          <div class="overlaps">
            {(Object.keys(OVERLAPS) as ScheduleOverlapPolicy[]).map((policy) => (
              <label key={policy} class="overlap">
                <input
                  type="radio"
                  name={id}
                  checked={policy === overlapPolicy}
                  onChange={() => change({ overlapPolicy: policy })}
                />
                <span>
                  {OVERLAPS[policy].words}
                  <span class="help">{OVERLAPS[policy].help}</span>
                </span>
              </label>
            ))}
          </div>
        )}
      </FieldGroup>
      <Field
        label="After the service was down, ask for slots that came meanwhile"
        help="One after another, the oldest first, at most 100."
        error={messageOf(below(errors, 'catchUpWindow'))}
      >
        {(control) => (
          <select
            {...control}
            value={catchUpWindow}
            onChange={(event) => change({ catchUpWindow: event.currentTarget.value })}
          >
            {windows.map((window) => (
              <option key={window} value={window}>
                {windowWords(window)}
              </option>
            ))}
          </select>
        )}
      </Field>
    </>
  )
}

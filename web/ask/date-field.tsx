import { useId, useRef } from 'preact/hooks'
import { Field, type Told } from '../parts/field.tsx'
import { isTimeZone } from '../parts/time-zone.tsx'
import { instantIn, momentWords } from './moments.ts'

interface Props extends Told {
  /** DateExpression takes relative words too, Date a day alone, DateTime an instant alone. */
  type: string
  value: string
  change: (value: string) => void
  placeholder?: string | undefined
  /** What it comes to now, by the service. */
  resolved: unknown
  timeZone: string
  scheduled: boolean
}

/** A day from the calendar, an instant, or words that move with time; below it what they come to. */
export function DateField({ type, value, change, placeholder, resolved, timeZone, scheduled, ...told }: Props) {
  const list = useId()
  const relative = type === 'DateExpression'
  const words = isTimeZone(timeZone) ? momentWords(resolved, timeZone) : null
  return (
    <Field
      {...told}
      below={
        <output class="resolved">
          {words !== null && `${scheduled && !isLiteral(value) ? 'If it ran now: ' : '= '}${words}`}
        </output>
      }
    >
      {(control) => (
        <div class="dated">
          <input
            {...control}
            type="text"
            list={relative ? list : undefined}
            autocomplete="off"
            spellcheck={false}
            value={value}
            placeholder={placeholder ?? EXAMPLES[type]}
            onInput={(event) => change(event.currentTarget.value)}
          />
          <Calendar
            label={told.label}
            value={value}
            instant={type === 'DateTime'}
            timeZone={timeZone}
            change={change}
          />
          {relative && (
            <datalist id={list}>
              {[...SUGGESTIONS, ...(scheduled ? FOR_SCHEDULES : [])].map(([expression, meaning]) => (
                <option key={expression} value={expression} label={meaning} />
              ))}
            </datalist>
          )}
        </div>
      )}
    </Field>
  )
}

interface CalendarProps {
  label: string
  value: string
  instant: boolean
  timeZone: string
  change: (value: string) => void
}

/** The browser's own calendar. Its field is only where it opens: what was chosen stands in the text beside it. */
function Calendar({ label, value, instant, timeZone, change }: CalendarProps) {
  const picker = useRef<HTMLInputElement>(null)
  const choose = (picked: string) => {
    if (picked === '') return
    change(instant ? instantIn(picked, isTimeZone(timeZone) ? timeZone : 'UTC') : picked)
  }
  return (
    <span class="calendar">
      <button type="button" aria-label={`Calendar for ${label}`} onClick={() => picker.current?.showPicker()}>
        <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" aria-hidden="true">
          <path d="M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3" />
        </svg>
      </button>
      <input
        ref={picker}
        type={instant ? 'datetime-local' : 'date'}
        tabIndex={-1}
        aria-hidden="true"
        value={!instant && isLiteral(value) ? value.slice(0, 10) : ''}
        onChange={(event) => choose(event.currentTarget.value)}
      />
    </span>
  )
}

const isLiteral = (value: string): boolean => /^\d{4}-\d{2}-\d{2}/.test(value)

const EXAMPLES: Readonly<Record<string, string>> = {
  DateExpression: '2026-11-21, today-P7D',
  Date: '2026-11-21',
  DateTime: '2026-11-21T09:00:00Z',
}
const SUGGESTIONS: readonly (readonly [expression: string, meaning: string])[] = [
  ['today', 'Today'],
  ['yesterday', 'Yesterday'],
  ['today-P7D', 'Seven days ago'],
  ['today-P30D', 'Thirty days ago'],
  ['week_start', 'Monday of this week'],
  ['last_week_start', 'Monday of last week'],
  ['last_week_end', 'Sunday of last week'],
  ['month_start', 'First day of this month'],
  ['month_end', 'Last day of this month'],
  ['last_month_start', 'First day of last month'],
  ['last_month_end', 'Last day of last month'],
  ['quarter_start', 'First day of this quarter'],
  ['last_quarter_start', 'First day of last quarter'],
  ['last_quarter_end', 'Last day of last quarter'],
  ['year_start', 'First day of this year'],
  ['last_year_start', 'First day of last year'],
  ['last_year_end', 'Last day of last year'],
  ['tomorrow', 'Tomorrow'],
  ['now', 'This moment'],
  ['now-PT1H', 'An hour ago'],
]
const FOR_SCHEDULES: typeof SUGGESTIONS = [
  ['slot', 'The moment for which the schedule asks'],
  ['last_slot', 'The last such moment whose report succeeded'],
]

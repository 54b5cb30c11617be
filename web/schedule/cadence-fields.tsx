import type { CadencePreset } from '../generated/graphql.ts'
import { messageOf, type FieldError } from '../ask/errors.ts'
import { Choices } from '../parts/choice.tsx'
import { Field, FieldGroup } from '../parts/field.tsx'
import { TextField } from '../parts/text-field.tsx'
import type { CadenceDraft, Way } from './cadence-draft.ts'
import { UNITS, type Unit } from './duration.ts'
import { inOurWords } from './words.ts'

/** Presets need nothing more; the other ways have fields of their own. What each comes to stands beside them. */
const PRESETS: Readonly<Record<CadencePreset, string>> = {
  HOURLY: 'Hourly',
  DAILY: 'Daily',
  WEEKLY: 'Weekly',
  MONTHLY: 'Monthly',
}
const WAYS: Readonly<Record<Exclude<Way, 'preset'>, string>> = {
  days: 'At a time on days',
  every: 'At an interval',
  once: 'Once',
  cron: 'Cron',
}
const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

interface Props {
  value: CadenceDraft
  change: (part: Partial<CadenceDraft>) => void
  /** Below "cadence". */
  errors: readonly FieldError[]
  timeZone: string
}

export function CadenceFields({ value, change, errors, timeZone }: Props) {
  const error = value.way === 'cron' ? messageOf(errors) : inOurWords(messageOf(errors))
  const presets = Object.entries(PRESETS).map(([preset, words]) => ({
    words,
    on: value.way === 'preset' && value.preset === preset,
    part: { way: 'preset' as const, preset: preset as CadencePreset },
  }))
  const ways = Object.entries(WAYS).map(([way, words]) => ({
    words,
    on: value.way === way,
    part: { way: way as Way },
  }))
  return (
    <>
      <FieldGroup label="How often" error={value.way === 'preset' ? error : undefined}>
        {(id) => (
          <div class="segments">
            {[...presets, ...ways].map(({ words, on, part }) => (
              <label key={words} class="segment">
                <input type="radio" name={id} checked={on} onChange={() => change(part)} />
                <span>{words}</span>
              </label>
            ))}
          </div>
        )}
      </FieldGroup>
      <Way value={value} change={change} error={error} timeZone={timeZone} />
    </>
  )
}

interface WayProps extends Omit<Props, 'errors'> {
  error: string | undefined
}

function Way({ value, change, error, timeZone }: WayProps) {
  switch (value.way) {
    case 'days':
      return <OnDays value={value} change={change} error={error} />
    case 'preset':
      return null
    case 'every':
      return <Interval value={value} change={change} error={error} />
    case 'once':
      return (
        <Field label="Day and time" help={`On the clock of ${timeZone}.`} required error={error}>
          {(control) => (
            <input
              {...control}
              type="datetime-local"
              value={value.local}
              onInput={(event) => change({ local: event.currentTarget.value })}
            />
          )}
        </Field>
      )
    case 'cron':
      return (
        <TextField
          label="Cron"
          help="Minute, hour, day of month, month, day of week: 30 9 * * MON-FRI. L is the last day, 15W the weekday nearest the 15th, FRI#2 the second Friday."
          mono
          required
          value={value.cron}
          change={(cron) => change({ cron })}
          error={error}
        />
      )
  }
}

function OnDays({ value, change, error }: Omit<WayProps, 'timeZone'>) {
  return (
    <>
      <Choices
        label="Days"
        options={DAYS}
        value={value.days.map((day) => DAYS[day - 1] ?? '')}
        change={(names) => change({ days: names.map((name) => DAYS.indexOf(name) + 1) })}
        error={error}
      />
      <Field label="Time" required>
        {(control) => (
          <input
            {...control}
            type="time"
            class="short"
            value={value.time}
            onInput={(event) => change({ time: event.currentTarget.value })}
          />
        )}
      </Field>
    </>
  )
}

function Interval({ value, change, error }: Omit<WayProps, 'timeZone'>) {
  return (
    <Field
      label="Every"
      help="Real time from now on, whatever the clocks do. A day is 24 hours."
      required
      error={error}
    >
      {(control) => (
        <span class="size-and-unit">
          <input
            {...control}
            type="text"
            inputMode="numeric"
            autocomplete="off"
            value={value.size}
            onInput={(event) => change({ size: event.currentTarget.value })}
          />
          <select
            aria-label="Unit"
            value={value.unit}
            onChange={(event) => change({ unit: event.currentTarget.value as Unit })}
          >
            {UNITS.map((unit) => (
              <option key={unit} value={unit}>
                {unit}s
              </option>
            ))}
          </select>
        </span>
      )}
    </Field>
  )
}

import { useId } from 'preact/hooks'
import { Field } from './field.tsx'

/** The reader's own. */
export const hereZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

/** Whether this browser knows it; it then can show moments in it. */
export function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat(undefined, { timeZone: name })
    return name !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

export const UNKNOWN_ZONE = 'There is no such time zone: choose one of the list.'

/** UTC is no zone of a place, and the first that many look for. */
const ZONES: readonly string[] = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((name) => name !== 'UTC')]

interface Props {
  value: string
  change: (value: string) => void
  label?: string
  help?: string
  error?: string | undefined
}

export function TimeZoneField({ value, change, label = 'Time zone', help, error }: Props) {
  const list = useId()
  const unknown = isTimeZone(value) ? undefined : UNKNOWN_ZONE
  return (
    <Field label={label} help={help} error={error ?? unknown}>
      {(control) => (
        <>
          <input
            {...control}
            type="text"
            list={list}
            autocomplete="off"
            spellcheck={false}
            value={value}
            onInput={(event) => change(event.currentTarget.value.trim())}
          />
          <datalist id={list}>
            {ZONES.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  )
}

import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

/** What is said of a field beside its value. */
export interface Told {
  label: string
  help?: string | null | undefined
  /** In words, what is wrong and what to do. */
  error?: string | undefined
  required?: boolean | undefined
}
/** For the element that takes the value: whoever hears or sees it hears what is said of it. */
export interface Control {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': boolean
  'aria-required': boolean
}

/** A label, what takes the value, and what is said of it: below, so that fields side by side stand in one line. `below`: what follows from the value. */
export function Field(told: Told & { children: (control: Control) => ComponentChildren; below?: ComponentChildren }) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>
        <Name {...told} />
      </label>
      {told.children({
        id,
        'aria-describedby': described(id, told),
        'aria-invalid': told.error !== undefined,
        'aria-required': told.required ?? false,
      })}
      <Help id={id} {...told} />
      {told.below}
      <Wrong id={id} {...told} />
    </div>
  )
}

/** The same for what has several elements: choices, ticks. */
export function FieldGroup(told: Told & { children: (id: string) => ComponentChildren }) {
  const id = useId()
  return (
    <fieldset
      class={told.error === undefined ? 'field group' : 'field group group-wrong'}
      aria-describedby={described(id, told)}
    >
      <legend>
        <Name {...told} />
      </legend>
      {told.children(id)}
      <Help id={id} {...told} />
      <Wrong id={id} {...told} />
    </fieldset>
  )
}

/** Ids of what stands beside the field; what is not there is not named. */
function described(id: string, { help, error }: Told): string | undefined {
  const ids = [help && `${id}-help`, error !== undefined && `${id}-wrong`].filter(Boolean)
  return ids.length === 0 ? undefined : ids.join(' ')
}

function Name({ label, required }: Told) {
  return (
    <>
      {label}
      {required && <span class="required"> required</span>}
    </>
  )
}

function Help({ id, help }: Told & { id: string }) {
  return help ? (
    <p id={`${id}-help`} class="help">
      {help}
    </p>
  ) : null
}

function Wrong({ id, error }: Told & { id: string }) {
  return error === undefined ? null : (
    <p id={`${id}-wrong`} class="wrong">
      {error}
    </p>
  )
}

/** To the first field of which something is said to be wrong. */
export function focusWrong(form: HTMLElement | null): void {
  form?.querySelector<HTMLElement>('[aria-invalid="true"], .group-wrong :is(input, button, select)')?.focus()
}

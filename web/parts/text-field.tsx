import { Field, type Told } from './field.tsx'

interface Props extends Told {
  value: string
  change: (value: string) => void
  placeholder?: string | undefined
  inputMode?: 'text' | 'numeric' | 'decimal' | 'email' | 'url'
  /** For what is read letter by letter. */
  mono?: boolean
}

export function TextField({ value, change, placeholder, inputMode = 'text', mono = false, ...told }: Props) {
  return (
    <Field {...told}>
      {(control) => (
        <input
          {...control}
          type="text"
          class={mono ? 'mono' : undefined}
          inputMode={inputMode}
          autocomplete="off"
          spellcheck={false}
          value={value}
          placeholder={placeholder}
          onInput={(event) => change(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}

import { useRef, useState } from 'preact/hooks'
import { Field, type Told } from './field.tsx'

interface Props extends Told {
  value: readonly string[]
  change: (value: readonly string[]) => void
  /** What ends an item beside Enter, and parts what is pasted; lines alone, where an item may hold anything else. */
  separators?: RegExp
  inputMode?: 'text' | 'numeric' | 'decimal' | 'email'
  placeholder?: string | undefined
  /** Id of a datalist. */
  list?: string | undefined
  below?: preact.ComponentChildren
}

/** A list of texts: Enter ends one, Backspace in an empty field takes the last one back to be mended. */
export function Tokens({
  value,
  change,
  separators = /\n/,
  inputMode = 'text',
  placeholder,
  list,
  below,
  ...told
}: Props) {
  const [typed, setTyped] = useState('')
  const input = useRef<HTMLInputElement>(null)

  /** Twice the same says nothing more. */
  const add = (text: string): void => {
    const items = text
      .split(separators)
      .map((item) => item.trim())
      .filter((item) => item !== '')
    if (items.length > 0) change([...new Set([...value, ...items])])
    setTyped('')
  }
  const remove = (item: string) => {
    change(value.filter((one) => one !== item))
    input.current?.focus()
  }
  const pressed = (event: KeyboardEvent) => {
    // An input method's own Enter chooses a word.
    if (event.isComposing) return
    if (event.key === 'Enter' && typed.trim() !== '') {
      // The form is sent by the next one.
      event.preventDefault()
      add(typed)
    } else if (event.key === 'Backspace' && typed === '' && value.length > 0) {
      event.preventDefault()
      setTyped(value.at(-1) ?? '')
      change(value.slice(0, -1))
    }
  }

  return (
    <Field {...told} below={below}>
      {(control) => (
        <div class="tokens" data-wrong={told.error !== undefined}>
          {value.map((item) => (
            <span key={item} class="token">
              {item}
              <button type="button" class="plain" aria-label={`Remove ${item}`} onClick={() => remove(item)}>
                ×
              </button>
            </span>
          ))}
          <input
            {...control}
            ref={input}
            type="text"
            inputMode={inputMode}
            autocomplete="off"
            spellcheck={false}
            value={typed}
            placeholder={value.length === 0 ? placeholder : undefined}
            list={list}
            onInput={(event) => {
              const text = event.currentTarget.value
              if (!separators.test(text)) return setTyped(text)
              add(text)
              // Where nothing was typed but what parts items, nothing is drawn anew.
              event.currentTarget.value = ''
            }}
            onPaste={(event) => {
              // A field of one line would run the lines together.
              const text = event.clipboardData?.getData('text') ?? ''
              if (!/[\n\r]/.test(text.trim())) return
              event.preventDefault()
              add(typed + text.replaceAll('\r', ''))
            }}
            onKeyDown={pressed}
            onBlur={() => add(typed)}
          />
        </div>
      )}
    </Field>
  )
}

import { Field, FieldGroup, type Told } from './field.tsx'

interface Props extends Told {
  options: readonly { value: string; words: string }[]
  value: string
  change: (value: string) => void
}

/** So many are seen at a glance, side by side; more are a list that opens. */
const AT_A_GLANCE = 5

/** One of several. */
export function Choice({ options, value, change, ...told }: Props) {
  if (options.length <= AT_A_GLANCE)
    return (
      <FieldGroup {...told}>
        {(id) => (
          <div class="segments">
            {options.map((option) => (
              <label key={option.value} class="segment">
                <input
                  type="radio"
                  name={id}
                  value={option.value}
                  checked={option.value === value}
                  onChange={() => change(option.value)}
                />
                <span>{option.words}</span>
              </label>
            ))}
          </div>
        )}
      </FieldGroup>
    )
  return (
    <Field {...told}>
      {(control) => (
        <select {...control} value={value} onChange={(event) => change(event.currentTarget.value)}>
          {/* A value that is none of them is not shown as if it were the first. */}
          {options.every((option) => option.value !== value) && <option value={value}>{value}</option>}
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.words}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

/** Any of several; their order is the options'. */
export function Choices({
  options,
  value,
  change,
  ...told
}: Told & { options: readonly string[]; value: readonly string[]; change: (value: readonly string[]) => void }) {
  const toggle = (option: string, on: boolean) =>
    change(options.filter((one) => (one === option ? on : value.includes(one))))
  return (
    <FieldGroup {...told}>
      {() => (
        <div class="ticks">
          {options.map((option) => (
            <label key={option} class="tick">
              <input
                type="checkbox"
                checked={value.includes(option)}
                onChange={(event) => toggle(option, event.currentTarget.checked)}
              />
              {option}
            </label>
          ))}
        </div>
      )}
    </FieldGroup>
  )
}

/** Yes or no, where one of them always holds. */
export function Tick({ value, change, ...told }: Told & { value: boolean; change: (value: boolean) => void }) {
  return (
    <Field {...told}>
      {(control) => (
        <input
          {...control}
          type="checkbox"
          class="one-tick"
          checked={value}
          onChange={(event) => change(event.currentTarget.checked)}
        />
      )}
    </Field>
  )
}

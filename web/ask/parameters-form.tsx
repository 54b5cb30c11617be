import { useEffect, useState } from 'preact/hooks'
import { below, inFormWords, messageOf, type FieldError } from './errors.ts'
import { ParameterField } from './parameter-field.tsx'
import { useResolved } from './resolving.ts'
import type { AskedType, Change, Draft, Drafts } from './values.ts'

interface Props {
  type: AskedType
  /** What stands in the fields: draftsOf begins it, parametersOf makes the input of it. */
  values: Drafts
  onChange: Change<Drafts>
  /** What the last try was refused for, of the parameters: below(fieldErrors(userErrors), 'parameters'). */
  errors: readonly FieldError[]
  /** In which relative dates are meant. */
  timeZone: string
  /** For a schedule: slot and last_slot mean something. What relative dates come to is then told as if it ran now. */
  scheduled?: boolean
}

/** The parameters of a report type, each as its type wants it, with what it comes to and what is wrong with it as one types. */
export function ParametersForm({ type, values, onChange, errors, timeZone, scheduled = false }: Props) {
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  // What was refused is refused no longer once it was changed: from then on it is what the service says as one types.
  const [mended, setMended] = useState<ReadonlySet<string>>(new Set())
  const said = JSON.stringify(errors)
  useEffect(() => setMended(new Set()), [said])
  const refused = errors.filter(({ path }) => !mended.has(path[0] ?? ''))
  const { resolved, wrong } = useResolved({ type, values, timeZone, scheduled })

  const names = type.parameters.map(({ name }) => name)
  const change = (name: string, draft: Draft) => {
    setTouched((before) => new Set([...before, name]))
    setMended((before) => new Set([...before, name]))
    onChange((before) => ({ ...before, [name]: draft }))
  }

  if (type.parameters.length === 0) return <p class="help">This report asks for nothing more.</p>
  return (
    <div class="fields">
      {type.parameters.map((parameter) => {
        const { name } = parameter
        const draft = values[name] ?? ''
        const told = [...below(refused, name), ...(touched.has(name) ? below(wrong, name) : [])]
        const faults = told.map(({ path, message }) => ({ path, message: inFormWords(message, name, names) }))
        return (
          <ParameterField
            key={name}
            parameter={parameter}
            draft={draft}
            change={(next) => change(name, next)}
            error={messageOf(once(faults), typeof draft === 'string' ? [] : draft)}
            resolved={resolved[name]}
            timeZone={timeZone}
            scheduled={scheduled}
          />
        )
      })}
    </div>
  )
}

/** The refusal and what is said as one types are mostly the same. */
const once = (errors: readonly FieldError[]) => [...new Map(errors.map((one) => [one.message, one])).values()]

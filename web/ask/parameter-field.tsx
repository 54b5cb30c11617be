import { Choice, Choices, Tick } from '../parts/choice.tsx'
import type { Told } from '../parts/field.tsx'
import { nameWords } from '../report/words.ts'
import { TextField } from '../parts/text-field.tsx'
import { Tokens } from '../parts/tokens.tsx'
import { DateField } from './date-field.tsx'
import { FileField } from './file-field.tsx'
import { bareType, isList, kindOf, type Draft, type Parameter } from './values.ts'

interface Props {
  parameter: Parameter
  draft: Draft
  change: (draft: Draft) => void
  error: string | undefined
  /** What it comes to; undefined while that is not known. */
  resolved: unknown
  timeZone: string
  scheduled: boolean
}

/** One parameter as its type wants it. */
export function ParameterField({ parameter, draft, change, error, resolved, timeZone, scheduled }: Props) {
  const { name, required, description, values } = parameter
  const told = { label: nameWords(name), help: description, error, required }
  const text = typeof draft === 'string' ? draft : ''
  const list = typeof draft === 'string' ? [] : draft
  const fallback = parameter.default == null ? undefined : String(parameter.default)
  const dated = { type: bareType(parameter), placeholder: fallback, resolved, timeZone, scheduled }

  switch (kindOf(parameter)) {
    case 'choice':
      return (
        <Choice
          {...told}
          options={options(values ?? [], !required && fallback === undefined)}
          value={text}
          change={change}
        />
      )
    case 'choices':
      return <Choices {...told} options={values ?? []} value={list} change={change} />
    case 'tick':
      return <Tick {...told} value={text === 'true'} change={(on) => change(String(on))} />
    case 'yes-or-no':
      return <Choice {...told} options={required ? YES_NO : [...YES_NO, NOT_GIVEN]} value={text} change={change} />
    case 'date':
      return <DateField {...told} {...dated} value={text} change={change} />
    case 'tokens':
      return <Tokens {...told} help={listHelp(description)} inputMode={keys(parameter)} value={list} change={change} />
    case 'file':
      return isList(parameter) ? (
        <Files told={told} ids={list} change={change} />
      ) : (
        <FileField {...told} id={text} change={change} />
      )
    case 'text':
      return <TextField {...told} inputMode={keys(parameter)} placeholder={fallback} value={text} change={change} />
  }
}

const YES_NO = [
  { value: 'true', words: 'Yes' },
  { value: 'false', words: 'No' },
]
const NOT_GIVEN = { value: '', words: 'Not given' }

function options(values: readonly string[], canBeLeftOut: boolean) {
  return [...values.map((value) => ({ value, words: value })), ...(canBeLeftOut ? [NOT_GIVEN] : [])]
}

/** What the author says may end without a stop. */
const listHelp = (description: string | null) =>
  `${(description ?? '').replace(/([^.!?])$/, '$1.')} Enter after each.`.trim()

/** Which keys a phone shows. */
function keys(parameter: Parameter): 'text' | 'numeric' | 'decimal' {
  const type = bareType(parameter)
  if (type === 'Int' || type === 'BigInt') return 'numeric'
  return type === 'Float' || type === 'Decimal' ? 'decimal' : 'text'
}

/** One field for each file that is there, and one for the next. A place that is empty stays: what is on its way comes there. */
function Files({
  told,
  ids,
  change,
}: {
  told: Told
  ids: readonly string[]
  change: (ids: readonly string[]) => void
}) {
  const places = ids.at(-1) === '' ? ids : [...ids, '']
  return (
    <div>
      {places.map((id, index) => (
        <FileField
          key={index}
          {...told}
          label={places.length === 1 ? told.label : `${told.label} ${index + 1}`}
          id={id}
          change={(next) => change(places.with(index, next))}
        />
      ))}
    </div>
  )
}

import { useEffect, useRef, useState } from 'preact/hooks'
import type { Failure } from '../api/failure.ts'
import { createTurns, type Turns } from '../api/turns.ts'
import { draftsOf, parametersOf, type AskedType } from '../ask/values.ts'
import { AskedTypeDocument } from '../generated/graphql.ts'
import { Field } from '../parts/field.tsx'
import { useReportTypes } from '../report/types.ts'
import { useSigned } from '../session/viewer.tsx'
import type { Plan } from './plan.ts'

/** The type that is chosen. Another one keeps what it has fields for, by name, and its title where nobody wrote one. */
export function useType(first: AskedType | null, setPlan: (next: (before: Plan) => Plan) => void) {
  const { connection } = useSigned()
  const [type, setType] = useState(first)
  const [failure, setFailure] = useState<Failure | null>(null)
  const wanted = useRef(first?.name ?? '')
  const turns = useRef<Turns | null>(null)
  useEffect(() => () => turns.current?.close(), [])

  async function read(name: string): Promise<void> {
    const { reportType } = await connection.ask(AskedTypeDocument, { name })
    if (wanted.current !== name) return
    setPlan((before) => ({
      ...before,
      title: before.title === '' || before.title === type?.title ? (reportType?.title ?? '') : before.title,
      drafts: draftsOf(reportType?.parameters ?? [], type ? parametersOf(type.parameters, before.drafts) : {}),
    }))
    setType(reportType)
    setFailure(null)
  }

  function choose(name: string): void {
    wanted.current = name
    setFailure(null)
    setPlan((before) => ({ ...before, type: name }))
    turns.current?.close()
    turns.current = createTurns(() => read(name), setFailure)
    turns.current.ask('at once')
  }
  return { type, choose, failure }
}

interface Props {
  value: string
  choose: (name: string) => void
  error: string | undefined
}

export function TypeField({ value, choose, error }: Props) {
  const types = useReportTypes().filter(({ name, viewerCanRequest }) => viewerCanRequest || name === value)
  const chosen = types.find(({ name }) => name === value)
  return (
    <Field label="Report type" help={chosen?.description} required error={error}>
      {(control) => (
        <select {...control} value={value} onChange={(event) => choose(event.currentTarget.value)}>
          {value === '' && <option value="">Choose …</option>}
          {value !== '' && !chosen && <option value={value}>{value}</option>}
          {types.map(({ name, title, available }) => (
            <option key={name} value={name}>
              {title}
              {available ? '' : ' (not available now)'}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

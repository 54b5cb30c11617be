import { useEffect, useState } from 'preact/hooks'
import type { Connection } from '../api/connection.ts'
import { createTurns } from '../api/turns.ts'
import { ResolvedParametersDocument } from '../generated/graphql.ts'
import { isTimeZone } from '../parts/time-zone.tsx'
import { useSigned } from '../session/viewer.tsx'
import { below, fieldErrors, type FieldError } from './errors.ts'
import { asIfNow, withStandIns } from './stand-in.ts'
import { isDate, parametersOf, type AskedType, type Drafts } from './values.ts'

/** Milliseconds after the last key until the service is asked. */
const TYPING = 250

type Given = Readonly<Record<string, unknown>>
interface Answer {
  /** What was asked about. */
  readonly given: Given
  /** Of those that are right. */
  readonly resolved: Given
  readonly wrong: readonly FieldError[]
}
const NOTHING: Answer = { given: {}, resolved: {}, wrong: [] }

interface Asked {
  type: AskedType
  values: Drafts
  timeZone: string
  scheduled: boolean
}

/**
 * What the parameters come to, and what of them would be refused, as one types; the newest answer counts. `resolved` has what
 * still stands in its field as it was asked about.
 */
export function useResolved({ type, values, timeZone, scheduled }: Asked): Pick<Answer, 'resolved' | 'wrong'> {
  const { connection } = useSigned()
  const [answer, setAnswer] = useState(NOTHING)
  const typed = parametersOf(type.parameters, values)
  const given = scheduled ? asIfNow(type.parameters, typed) : typed
  const asked = JSON.stringify(given)

  useEffect(() => {
    if (!type.available || type.parameters.length === 0 || !isTimeZone(timeZone)) return
    let left = false
    const turns = createTurns(
      async () => {
        const found = await resolve(connection, type, JSON.parse(asked) as Given, timeZone)
        if (!left) setAnswer(found)
      },
      // What is shown goes with what was asked; whoever asks for the report is told what is wrong with the service.
      () => undefined,
    )
    const later = setTimeout(() => turns.ask('at once'), TYPING)
    return () => {
      left = true
      clearTimeout(later)
      turns.close()
    }
  }, [connection, type, asked, timeZone])

  const same = (name: string) => JSON.stringify(answer.given[name]) === JSON.stringify(given[name])
  const resolved = Object.fromEntries(Object.entries(answer.resolved).filter(([name]) => same(name)))
  return { resolved, wrong: answer.wrong }
}

async function resolve(connection: Connection, type: AskedType, given: Given, timeZone: string): Promise<Answer> {
  const ask = async (parameters: Given) => {
    const report = { byName: { type: type.name, parameters } }
    const { resolveParameters } = await connection.ask(ResolvedParametersDocument, { report, timeZone })
    return {
      resolved: (resolveParameters.parameters ?? {}) as Given,
      wrong: below(fieldErrors(resolveParameters.userErrors), 'parameters'),
    }
  }
  const whole = await ask(given)
  if (whole.wrong.length === 0 || !type.parameters.some(isDate)) return { given, ...whole }
  const names = [...new Set(whole.wrong.map(({ path }) => path[0] ?? ''))]
  const instead = withStandIns(type.parameters, given, names)
  if (instead === null) return { given, ...whole }
  const part = await ask(instead)
  const resolved = Object.fromEntries(Object.entries(part.resolved).filter(([name]) => !names.includes(name)))
  return { given, resolved, wrong: whole.wrong }
}

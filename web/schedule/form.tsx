import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { addressOf, go } from '../address.ts'
import { Failure } from '../api/failure.ts'
import { createIntent, persistently } from '../api/intent.ts'
import { below, elsewhere, fieldErrors, messageOf, type FieldError } from '../ask/errors.ts'
import { OutputFields } from '../ask/output-fields.tsx'
import { ParametersForm } from '../ask/parameters-form.tsx'
import { DeliveriesField } from '../delivery/deliveries-field.tsx'
import { CreateScheduleDocument, UpdateScheduleDocument, type CreateScheduleInput } from '../generated/graphql.ts'
import { focusWrong } from '../parts/field.tsx'
import { Notice } from '../parts/notice.tsx'
import { TextField } from '../parts/text-field.tsx'
import { isTimeZone, TimeZoneField } from '../parts/time-zone.tsx'
import { useSigned } from '../session/viewer.tsx'
import { cadenceInput } from './cadence-draft.ts'
import { CadenceFields } from './cadence-fields.tsx'
import { useNextSlots } from './next-slots.ts'
import { changesOf, inputOf, type Beginning, type Plan } from './plan.ts'
import { Preview } from './preview.tsx'
import { RulesFields } from './rules-fields.tsx'
import { TypeField, useType } from './type-field.tsx'

/** What has a place of its own for what is wrong with it. */
const PLACES = ['title', 'report', 'parameters', 'cadence', 'timeZone', 'overlapPolicy', 'catchUpWindow', 'deliveries', 'format', 'csvDialect', 'compression', 'priority', 'visibility', 'tags'] // prettier-ignore

const OFFLINE =
  'The service can’t be reached. What you have filled in is kept: send it again, and one schedule comes of it, even where this one had arrived.'

/** A new schedule, or another plan for one that is there. */
export function PlanForm({ beginning: { plan: first, type: firstType, of } }: { beginning: Beginning }) {
  const { connection } = useSigned()
  const [plan, setPlan] = useState(first)
  const change = (part: Partial<Plan>) => setPlan((before) => ({ ...before, ...part }))
  const { type, choose, failure: typeFailure } = useType(firstType, setPlan)
  const [errors, setErrors] = useState<readonly FieldError[]>([])
  const [failure, setFailure] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)
  const sending = useRef(false)
  const left = useRef(false)
  useEffect(() => () => void (left.current = true), [])
  const [typed, setTyped] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const intent = useRef(createIntent())

  const cadence = cadenceInput(plan.cadence, isTimeZone(plan.timeZone) ? plan.timeZone : 'UTC')
  const next = useNextSlots(typeof cadence === 'string' ? null : cadence, plan.timeZone)
  const before = useMemo(() => inputOf(first, firstType), [])
  // As it stands a schedule's own slots are what comes; another cadence counts from now on.
  const asItWas =
    of && !of.paused && JSON.stringify(cadenceInput(first.cadence, first.timeZone)) === JSON.stringify(cadence)
  const shown = asItWas && plan.timeZone === of.timeZone ? { ...next, slots: of.upcoming, errors: [] } : next
  const told = [...errors, ...(typed ? shown.errors.filter((one) => !errors.some((e) => e.path[0] === one.path[0])) : [])]

  // After they are drawn.
  useEffect(() => {
    if (errors.length > 0) focusWrong(form.current)
  }, [errors])

  async function send(input: CreateScheduleInput) {
    if (!of) {
      const whole = { ...input, idempotencyKey: intent.current.keyOf(input) }
      return (await connection.ask(CreateScheduleDocument, { input: whole })).createSchedule
    }
    const changes = typeof before === 'string' ? input : changesOf(before, input)
    if (Object.keys(changes).length === 0) return { schedule: of, userErrors: [] }
    return (await connection.ask(UpdateScheduleDocument, { input: { id: of.id, ...changes } })).updateSchedule
  }

  async function submit(event: Event) {
    event.preventDefault()
    // Enter twice is one schedule.
    if (sending.current) return
    const input = inputOf(plan, type)
    setFailure(null)
    if (plan.type === '') return setErrors([{ path: ['report'], message: 'Choose what it asks for.' }])
    if (typeof input === 'string') return setErrors([{ path: ['cadence'], message: input }])
    setBusy((sending.current = true))
    try {
      const { schedule, userErrors } = await persistently(
        () => send(input),
        () => left.current,
      )
      if (schedule) intent.current.over()
      if (left.current) return
      if (schedule && userErrors.length === 0) go(addressOf(['schedules', schedule.id]))
      setErrors(fieldErrors(userErrors))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      setFailure(error)
    } finally {
      setBusy((sending.current = false))
    }
  }

  return (
    <form ref={form} class="plan-form" noValidate aria-busy={busy} onSubmit={(event) => void submit(event)}>
      <h1>{of ? `Edit “${of.title}”` : 'New schedule'}</h1>
      {failure && (
        <Notice wrong>
          {failure.code === 'OFFLINE' ? OFFLINE : failure.message}
        </Notice>
      )}
      {typeFailure && <Notice wrong>{typeFailure.message}</Notice>}
      {elsewhere(errors, PLACES).map((message) => (
        <Notice key={message} wrong>
          {message}
        </Notice>
      ))}

      <fieldset>
        <legend>What</legend>
        <TextField
          label="Title"
          help="Its reports begin with it."
          required
          value={plan.title}
          change={(title) => change({ title })}
          error={messageOf(below(errors, 'title'))}
        />
        <TypeField value={plan.type} choose={choose} error={messageOf(below(errors, 'report'))} />
        {type && (
          <ParametersForm
            key={type.name}
            type={type}
            values={plan.drafts}
            onChange={(next) => setPlan((old) => ({ ...old, drafts: next(old.drafts) }))}
            errors={below(errors, 'parameters')}
            timeZone={plan.timeZone}
            scheduled
          />
        )}
      </fieldset>

      <fieldset>
        <legend>When</legend>
        <div class="when-fields">
          <div>
            <CadenceFields
              value={plan.cadence}
              change={(part) => {
                setTyped(true)
                setErrors((old) => old.filter(({ path }) => path[0] !== 'cadence'))
                setPlan((old) => ({ ...old, cadence: { ...old.cadence, ...part } }))
              }}
              errors={below(told, 'cadence')}
              timeZone={plan.timeZone}
            />
            <TimeZoneField
              help="In which the cadence and relative dates are meant."
              value={plan.timeZone}
              change={(timeZone) => {
                setTyped(true)
                change({ timeZone })
              }}
              error={messageOf(below(told, 'timeZone'))}
            />
          </div>
          <Preview cadence={cadence} timeZone={plan.timeZone} next={shown} />
        </div>
      </fieldset>

      <fieldset>
        <legend>Rules</legend>
        <RulesFields plan={plan} change={change} errors={errors} />
      </fieldset>

      <fieldset>
        <legend>Document</legend>
        <OutputFields
          value={plan.output}
          onChange={(next) => setPlan((old) => ({ ...old, output: next(old.output) }))}
          formats={type?.formats ?? [plan.output.format]}
          errors={errors}
        />
      </fieldset>

      <fieldset>
        <legend>Deliveries</legend>
        <DeliveriesField
          value={plan.deliveries}
          onChange={(next) => setPlan((old) => ({ ...old, deliveries: next(old.deliveries) }))}
          errors={below(errors, 'deliveries')}
        />
      </fieldset>

      {!of && (
        <label class="check">
          <input
            type="checkbox"
            checked={plan.paused}
            onChange={(event) => change({ paused: event.currentTarget.checked })}
          />
          Begin paused
        </label>
      )}
      <p class="actions">
        <button class="primary" type="submit" disabled={busy}>
          {of ? 'Save changes' : 'Make schedule'}
        </button>
        <a class="button" href={addressOf(of ? ['schedules', of.id] : ['schedules'])}>
          Cancel
        </a>
      </p>
    </form>
  )
}

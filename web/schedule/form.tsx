import { useEffect, useRef, useState } from 'preact/hooks'
import { addressOf, go } from '../address.ts'
import { below, elsewhere, messageOf } from '../ask/errors.ts'
import { OutputFields } from '../ask/output-fields.tsx'
import { ParametersForm } from '../ask/parameters-form.tsx'
import { DeliveriesField } from '../delivery/deliveries-field.tsx'
import { focusWrong } from '../parts/field.tsx'
import { Notice } from '../parts/notice.tsx'
import { TextField } from '../parts/text-field.tsx'
import type { Beginning, Plan } from './plan.ts'
import { RulesFields } from './rules-fields.tsx'
import { useSaving } from './saving.ts'
import { TypeField, useType } from './type-field.tsx'
import { WhenFields } from './when-fields.tsx'

const OUTPUT = ['format', 'csvDialect', 'compression', 'priority', 'visibility', 'tags']
/** What has a place of its own for what is wrong with it. */
const PLACES = ['title', 'report', 'parameters', 'cadence', 'timeZone', 'overlapPolicy', 'catchUpWindow', 'deliveries', ...OUTPUT] // prettier-ignore

/** A file that is still on its way says so at its field: without it the schedule would be saved. */
function isFileComing(form: HTMLFormElement): boolean {
  const coming = [...form.elements].find((one) => one instanceof HTMLInputElement && one.validity.customError)
  return coming instanceof HTMLInputElement && !coming.reportValidity()
}

/** A new schedule, or another plan for one that is there. */
export function PlanForm({ beginning }: { beginning: Beginning }) {
  const { of } = beginning
  const [plan, setPlan] = useState(beginning.plan)
  const saving = useSaving(beginning, (id) => go(addressOf(['schedules', id])))
  const { errors, refusals, failure, busy, save, forget } = saving
  const { type, choose, failure: typeFailure } = useType(beginning.type, setPlan)
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (refusals > 0) focusWrong(form.current)
  }, [refusals])

  const change = (part: Partial<Plan>) => {
    setPlan((before) => ({ ...before, ...part }))
    forget(Object.keys(part))
  }
  const ofParameters = below(errors, 'parameters')
  const names = type?.parameters.map(({ name }) => name) ?? []
  const rest = [...elsewhere(errors, PLACES), ...elsewhere(ofParameters, names)]

  return (
    <form
      ref={form}
      class="plan-form"
      noValidate
      aria-busy={busy}
      onSubmit={(event) => {
        event.preventDefault()
        if (isFileComing(event.currentTarget)) return
        void save(plan, type)
      }}
    >
      <header>
        <p class="help">
          <a href={addressOf(['schedules'])}>Schedules</a>
        </p>
        <h1>{of ? `Edit “${of.title}”` : 'New schedule'}</h1>
      </header>
      {typeFailure && <Notice wrong>{typeFailure.message}</Notice>}
      {rest.map((message) => (
        <Notice key={message} wrong>
          {message}
        </Notice>
      ))}

      <section>
        <h2>What it asks for</h2>
        <div class="fields">
          <TypeField
            value={plan.type}
            choose={(name) => {
              choose(name)
              forget(['report', 'parameters'])
            }}
            error={messageOf(below(errors, 'report'))}
          />
          <TextField
            label="Title"
            help="Its reports begin with it."
            required
            value={plan.title}
            change={(title) => change({ title })}
            error={messageOf(below(errors, 'title'))}
          />
        </div>
        {type && (
          <ParametersForm
            key={type.name}
            type={type}
            values={plan.drafts}
            onChange={(next) => setPlan((before) => ({ ...before, drafts: next(before.drafts) }))}
            errors={ofParameters}
            timeZone={plan.timeZone}
            scheduled
          />
        )}
      </section>
      <section>
        <h2>When</h2>
        <WhenFields beginning={beginning} plan={plan} change={change} errors={errors} />
      </section>
      <section>
        <h2>When things do not go by plan</h2>
        <RulesFields plan={plan} change={change} errors={errors} />
      </section>
      <section>
        <h2>The document</h2>
        <OutputFields
          value={plan.output}
          onChange={(next) => {
            setPlan((before) => ({ ...before, output: next(before.output) }))
            forget(OUTPUT)
          }}
          formats={type?.formats ?? [plan.output.format]}
          errors={errors}
        />
      </section>
      <section>
        <h2>Deliver it to</h2>
        <DeliveriesField
          value={plan.deliveries}
          onChange={(next) => {
            setPlan((before) => ({ ...before, deliveries: next(before.deliveries) }))
            forget(['deliveries'])
          }}
          errors={below(errors, 'deliveries')}
        />
      </section>

      <footer class="ask-foot">
        {failure !== null && <Notice wrong>{failure}</Notice>}
        <div class="actions">
          <button class="primary" type="submit" aria-disabled={busy}>
            {busy ? 'Saving…' : of ? 'Save changes' : 'Make schedule'}
          </button>
          <a class="button" href={addressOf(of ? ['schedules', of.id] : ['schedules'])}>
            Cancel
          </a>
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
        </div>
      </footer>
    </form>
  )
}

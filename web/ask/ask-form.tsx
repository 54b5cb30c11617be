import { useEffect, useRef, useState } from 'preact/hooks'
import { addressOf, go } from '../address.ts'
import { DeliveriesField } from '../delivery/deliveries-field.tsx'
import { deliveriesOf, type DeliveryDraft } from '../delivery/drafts.ts'
import { focusWrong } from '../parts/field.tsx'
import { Notice } from '../parts/notice.tsx'
import { TextField } from '../parts/text-field.tsx'
import { hereZone, TimeZoneField } from '../parts/time-zone.tsx'
import { useAsking } from './asking.ts'
import { beginning, type Before } from './before.ts'
import { below, elsewhere, messageOf } from './errors.ts'
import { whyNot } from './listed.ts'
import { OutputFields } from './output-fields.tsx'
import { outputOf } from './output.ts'
import { ParametersForm } from './parameters-form.tsx'
import { parametersOf, type AskedType } from './values.ts'

const OUTPUT = ['format', 'csvDialect', 'compression', 'priority', 'visibility', 'tags']
const FIELDS = ['parameters', 'title', 'timeZone', ...OUTPUT, 'deliveries']

/** Asks for one report of a type. Nothing of it is kept anywhere: what was asked before is with the report. */
export function AskForm({ type, before }: { type: AskedType; before: Before | null }) {
  const [first] = useState(() => beginning(type, before, hereZone()))
  const [values, setValues] = useState(first.values)
  const [output, setOutput] = useState(first.output)
  const [timeZone, setTimeZone] = useState(first.timeZone)
  const [title, setTitle] = useState('')
  const [deliveries, setDeliveries] = useState<readonly DeliveryDraft[]>([])
  const { ask, forget, busy, errors, refusals, failure } = useAsking((id) => go(addressOf(['reports', id])))
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (refusals > 0) focusWrong(form.current)
  }, [refusals])
  /** What stands there is another now, and not what was refused. */
  const changing =
    <Value,>(set: (value: Value) => void, names: readonly string[]) =>
    (value: Value) => {
      forget(names)
      set(value)
    }

  const why = whyNot(type)
  const ofParameters = below(errors, 'parameters')
  const names = type.parameters.map(({ name }) => name)
  const rest = [...elsewhere(errors, FIELDS), ...elsewhere(ofParameters, names)]

  return (
    <form
      ref={form}
      aria-busy={busy}
      onSubmit={(event) => {
        event.preventDefault()
        void ask({
          report: { byName: { type: type.name, parameters: parametersOf(type.parameters, values) } },
          ...outputOf(output),
          ...(title.trim() !== '' && { title: title.trim() }),
          timeZone,
          deliveries: deliveriesOf(deliveries),
        })
      }}
    >
      <header>
        <p class="help">
          <a href={addressOf(['ask'])}>Ask for a report</a> · <code>{type.name}</code>
        </p>
        <h1>{type.title}</h1>
        {type.description !== null && <p class="described">{type.description}</p>}
        {type.deprecated !== null && <p class="late">Not to be used any more: {type.deprecated}</p>}
      </header>
      {why !== null && <Notice wrong>{why}</Notice>}
      {before !== null && before.deliveries.length > 0 && (
        <Notice>
          The report to begin with was delivered. Its deliveries are not repeated here: add those that you want.
        </Notice>
      )}
      {rest.map((message) => (
        <Notice key={message} wrong>
          {message}
        </Notice>
      ))}

      <section>
        <h2>What it is about</h2>
        <ParametersForm type={type} values={values} onChange={setValues} errors={ofParameters} timeZone={timeZone} />
        <div class="fields">
          <TimeZoneField
            value={timeZone}
            change={changing(setTimeZone, ['timeZone'])}
            help="In which days begin and relative dates are meant."
            error={messageOf(below(errors, 'timeZone'))}
          />
        </div>
      </section>
      <section>
        <h2>The document</h2>
        <OutputFields value={output} onChange={changing(setOutput, OUTPUT)} formats={type.formats} errors={errors} />
        <div class="fields">
          <TextField
            label="Title"
            help="Left empty: its type and dates."
            value={title}
            change={changing(setTitle, ['title'])}
            error={messageOf(below(errors, 'title'))}
          />
        </div>
      </section>
      <section>
        <h2>Deliver it to</h2>
        <DeliveriesField
          value={deliveries}
          onChange={changing(setDeliveries, ['deliveries'])}
          errors={below(errors, 'deliveries')}
        />
      </section>

      <footer class="ask-foot">
        {failure !== null && <Notice wrong>{failure}</Notice>}
        <button type="submit" class="primary" disabled={why !== null} aria-disabled={busy}>
          {busy ? 'Asking…' : 'Ask for it'}
        </button>
      </footer>
    </form>
  )
}

import { useRef } from 'preact/hooks'
import { below, messageOf, type FieldError } from '../ask/errors.ts'
import type { Change } from '../ask/values.ts'
import { useSigned } from '../session/viewer.tsx'
import { Bucket, Email, Warehouse, Webhook } from './channels.tsx'
import { newDelivery, type DeliveryDraft } from './drafts.ts'

interface Props {
  /** None at first; keptDelivery for the targets that a schedule has; deliveriesOf makes the input of them. */
  value: readonly DeliveryDraft[]
  onChange: Change<readonly DeliveryDraft[]>
  /** below(fieldErrors(userErrors), 'deliveries'). */
  errors: readonly FieldError[]
}

const CHANNELS = { email: 'E-mail', webhook: 'Webhook', bucket: 'Bucket', warehouse: 'Warehouse' } as const
type New = keyof typeof CHANNELS

/** Where the outcome goes: none, or several, each with its own fields. */
export function DeliveriesField({ value, onChange, errors }: Props) {
  const { viewer } = useSigned()
  const whole = useRef<HTMLDivElement>(null)
  const all = messageOf(errors.filter(({ path }) => path[0] === undefined))

  const add = (channel: New) => {
    const draft = newDelivery(channel, viewer.user.email)
    onChange((before) => [...before, draft])
    // It is drawn after this; then its first field is what comes next.
    requestAnimationFrame(() => whole.current?.querySelector<HTMLElement>(`[data-key="${draft.key}"] input`)?.focus())
  }
  const remove = (key: string) => {
    onChange((before) => before.filter((one) => one.key !== key))
    whole.current?.querySelector<HTMLElement>('.add button')?.focus()
  }

  return (
    <div class="deliveries" ref={whole}>
      {value.map((draft, index) => (
        <One
          key={draft.key}
          draft={draft}
          errors={below(errors, String(index))}
          change={(next) => onChange((before) => before.map((one) => (one.key === draft.key ? next : one)))}
          remove={() => remove(draft.key)}
        />
      ))}
      {all !== undefined && <p class="wrong">{all}</p>}
      <p class="add" role="group" aria-label="Add a delivery">
        {(Object.keys(CHANNELS) as New[]).map((channel) => (
          <button key={channel} type="button" onClick={() => add(channel)}>
            + {CHANNELS[channel]}
          </button>
        ))}
      </p>
    </div>
  )
}

interface OneProps {
  draft: DeliveryDraft
  errors: readonly FieldError[]
  change: (next: DeliveryDraft) => void
  remove: () => void
}

function One({ draft, errors, change, remove }: OneProps) {
  const name = draft.channel === 'keep' ? draft.words : CHANNELS[draft.channel]
  const inside = below(errors, draft.channel)
  // What is wrong with it as a whole: no such channel here, or nothing that a field could mend.
  const all = messageOf([...errors, ...inside].filter(({ path }) => path.length === 0))
  return (
    <fieldset class="delivery-form" data-key={draft.key}>
      <legend>{name}</legend>
      {all !== undefined && (
        <p class="wrong" role="alert">
          {all}
        </p>
      )}
      {fields(draft, inside, change)}
      <button type="button" class="plain remove" onClick={remove} aria-label={`Remove ${name}`}>
        Remove
      </button>
    </fieldset>
  )
}

function fields(draft: DeliveryDraft, errors: readonly FieldError[], change: (next: DeliveryDraft) => void) {
  switch (draft.channel) {
    case 'email':
      return <Email draft={draft} errors={errors} change={change} />
    case 'webhook':
      return <Webhook draft={draft} errors={errors} change={change} />
    case 'bucket':
      return <Bucket draft={draft} errors={errors} change={change} />
    case 'warehouse':
      return <Warehouse draft={draft} errors={errors} change={change} />
    case 'keep':
      return <p class="help">Stays as it is.</p>
  }
}

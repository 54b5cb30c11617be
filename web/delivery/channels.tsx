import { CopyButton } from '../parts/copy-button.tsx'
import type { WarehouseMode } from '../generated/graphql.ts'
import { below, messageOf, type FieldError } from '../ask/errors.ts'
import { Choice, Tick } from '../parts/choice.tsx'
import { TextField } from '../parts/text-field.tsx'
import { Tokens } from '../parts/tokens.tsx'
import { newSecret, type DraftOf } from './drafts.ts'

interface Props<Draft> {
  draft: Draft
  /** Below the channel's own field. */
  errors: readonly FieldError[]
  change: (next: Draft) => void
}

export function Email({ draft, errors, change }: Props<DraftOf<'email'>>) {
  return (
    <>
      <Tokens
        label="To"
        required
        help="Enter, a comma or a space after each address."
        separators={/[,;\s]/}
        inputMode="email"
        value={draft.to}
        change={(to) => change({ ...draft, to })}
        error={messageOf(below(errors, 'to'), draft.to)}
      />
      <TextField
        label="Subject"
        placeholder="The report’s title"
        value={draft.subject}
        change={(subject) => change({ ...draft, subject })}
        error={messageOf(below(errors, 'subject'))}
      />
      <Tick
        label="Attach the document"
        help="Up to 5 MB; the link to it is in the letter either way."
        value={draft.attach}
        change={(attach) => change({ ...draft, attach })}
        error={messageOf(below(errors, 'attach'))}
      />
    </>
  )
}

export function Webhook({ draft, errors, change }: Props<DraftOf<'webhook'>>) {
  return (
    <>
      <TextField
        label="Address"
        required
        help="Is asked with POST when the report has ended, well or not."
        inputMode="url"
        placeholder="https://example.com/hooks/broadsheet"
        value={draft.url}
        change={(url) => change({ ...draft, url })}
        error={messageOf(below(errors, 'url'))}
      />
      <TextField
        label="Secret"
        required
        mono
        help="Signs each request. It is never shown again: give it to the receiver now."
        placeholder="whsec_…"
        value={draft.secret}
        change={(secret) => change({ ...draft, secret })}
        error={messageOf(below(errors, 'secret'))}
      />
      <p class="actions">
        <button type="button" onClick={() => change({ ...draft, secret: newSecret() })}>
          Make a secret
        </button>
        {draft.secret !== '' && <CopyButton text={() => draft.secret}>Copy it</CopyButton>}
      </p>
    </>
  )
}

export function Bucket({ draft, errors, change }: Props<DraftOf<'bucket'>>) {
  return (
    <>
      <TextField
        label="Bucket"
        required
        help="The operator’s name for it."
        value={draft.bucket}
        change={(bucket) => change({ ...draft, bucket })}
        error={messageOf(below(errors, 'bucket'))}
      />
      <TextField
        label="Key"
        required
        mono
        help="Where the document goes in it. {reportId}, {type} and {date} are filled in."
        value={draft.path}
        change={(path) => change({ ...draft, path })}
        error={messageOf(below(errors, 'key'))}
      />
    </>
  )
}

const MODES = [
  { value: 'APPEND', words: 'Add to what is there' },
  { value: 'REPLACE', words: 'Replace what is there' },
]

export function Warehouse({ draft, errors, change }: Props<DraftOf<'warehouse'>>) {
  return (
    <>
      <TextField
        label="Warehouse"
        required
        help="The operator’s name for it."
        value={draft.warehouse}
        change={(warehouse) => change({ ...draft, warehouse })}
        error={messageOf(below(errors, 'warehouse'))}
      />
      <TextField
        label="Table"
        required
        mono
        placeholder="loads.sales"
        value={draft.table}
        change={(table) => change({ ...draft, table })}
        error={messageOf(below(errors, 'table'))}
      />
      <Choice
        label="Rows"
        options={MODES}
        value={draft.mode}
        change={(mode) => change({ ...draft, mode: mode as WarehouseMode })}
        error={messageOf(below(errors, 'mode'))}
      />
    </>
  )
}

import { useEffect, useRef, useState } from 'preact/hooks'
import { Field, type Told } from '../parts/field.tsx'
import { bytes } from '../parts/figures.ts'
import { useUpload, type Carried } from './upload.ts'

interface Props extends Told {
  /** Of an upload; '' while there is none, or not all of it. */
  id: string
  change: (id: string) => void
}

/** A file that the report reads: chosen or dropped, and on its way at once. */
export function FileField({ id, change, ...told }: Props) {
  const { carried, take, again, putAside } = useUpload(id, change)
  const [over, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  // The form waits: what is asked for without its file would be refused.
  const sending = carried?.state === 'sending'
  useEffect(() => input.current?.setCustomValidity(sending ? 'This file is still on its way.' : ''), [sending])

  return (
    <Field {...told} error={faultOf(carried, id, told.error)}>
      {(control) => (
        <div
          class={over ? 'drop drop-over' : 'drop'}
          onDragOver={(event) => {
            event.preventDefault()
            setOver(true)
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault()
            setOver(false)
            const [file] = event.dataTransfer?.files ?? []
            if (file) take(file)
          }}
        >
          <input
            {...control}
            ref={input}
            type="file"
            onChange={(event) => {
              const [file] = event.currentTarget.files ?? []
              if (file) take(file)
            }}
          />
          {carried === null ? (
            <p class="help">or drop it here</p>
          ) : (
            <>
              <Way carried={carried} />
              <p class="actions">
                {again && (
                  <button type="button" onClick={() => again()}>
                    Try again
                  </button>
                )}
                <button
                  type="button"
                  onClick={() => {
                    if (input.current) input.current.value = ''
                    putAside()
                  }}
                >
                  {sending ? 'Stop' : 'Take it out'}
                </button>
              </p>
            </>
          )}
        </div>
      )}
    </Field>
  )
}

/** The file's own fault says more than that there is none; while it comes there is nothing to say. */
function faultOf(carried: Carried | null, id: string, said: string | undefined): string | undefined {
  if (carried?.state === 'sending') return undefined
  if (carried?.why != null) return carried.why
  return said !== undefined && id === '' ? 'Choose a file.' : said
}

/** How far it has come. */
function Way({ carried: { name, size, sent, state } }: { carried: Carried }) {
  const words = {
    sending: `${bytes(sent)} of ${bytes(size)} sent`,
    there: size > 0 ? `${bytes(size)}, arrived` : 'arrived',
    failed: 'not there',
  }[state]
  return (
    <>
      <p class="carried">
        <strong>{name}</strong> <span class={state === 'failed' ? 'failed-words' : 'help'}>{words}</span>
      </p>
      {state === 'sending' && <progress max={size} value={sent} aria-label={`${name} on its way`} />}
    </>
  )
}

import { addressOf, useAddress } from '../address.ts'
import { AskedBeforeDocument, AskedTypeDocument } from '../generated/graphql.ts'
import { Notice } from '../parts/notice.tsx'
import { useReading } from '../session/reading.ts'
import { useMay } from '../session/viewer.tsx'
import { AskForm } from './ask-form.tsx'
import { Choose } from './choose.tsx'

/** A report type, and a form made of its parameters; `?from=` a report that was asked for before. */
export function Ask({ id }: { id: string | undefined }) {
  const may = useMay()
  const from = useAddress().search.get('from')
  if (!may.ask) return <p class="empty">Your token may look at reports, and not ask for any.</p>
  return id === undefined ? <Choose /> : <Asked key={`${id} ${from}`} name={id} from={from} />
}

function Asked({ name, from }: { name: string; from: string | null }) {
  const type = useReading(AskedTypeDocument, { name })
  const before = useReading(AskedBeforeDocument, from === null ? null : { id: from })
  const failure = type.failure ?? before.failure
  if (failure)
    return (
      <section class="view">
        <Notice wrong>{failure.message}</Notice>
      </section>
    )
  if (!type.found || (from !== null && !before.found)) return <section class="view" aria-busy="true" />
  const { reportType } = type.found
  if (!reportType)
    return (
      <p class="empty">
        There is no report type “{name}” for you. <a href={addressOf(['ask'])}>Choose another</a>.
      </p>
    )
  const report = before.found?.report ?? null
  const same = report?.type.name === name
  return (
    <section class="view ask">
      {from !== null && !same && (
        <Notice>
          {report ? 'The report to begin with is of another type' : 'The report to begin with is not there any more'}:
          this form is empty.
        </Notice>
      )}
      <AskForm type={reportType} before={same ? report : null} />
    </section>
  )
}

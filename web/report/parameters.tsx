import type { WholeReportFragment } from '../generated/graphql.ts'
import { parameterRows } from './parameter-rows.ts'
import { valueWords } from './words.ts'

/** What was asked for, as it was said and as it was understood, side by side. */
export function Parameters({ report }: { report: WholeReportFragment }) {
  const rows = parameterRows(report)
  if (rows.length === 0) return null
  const open = report.resolvedParameters === null
  return (
    <section>
      <h2>Parameters</h2>
      <div class="scroll-x" tabIndex={0} role="region" aria-label="Parameters">
        <table class="plain-table parameters">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">As asked</th>
              <th scope="col">As understood</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, words, type, description, asked, resolved }) => (
              <tr key={name}>
                <th scope="row" title={description ?? undefined}>
                  {words}
                  <span class="of-type">{type}</span>
                </th>
                <td>
                  <Value value={asked} />
                </td>
                <td>{open ? <span class="faint">when it starts</span> : <Value value={resolved} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="help">Dates are meant in the time zone {report.timeZone}.</p>
    </section>
  )
}

function Value({ value }: { value: unknown }) {
  const words = valueWords(value)
  return words === null ? <span class="faint">not given</span> : <>{words}</>
}

import type { OpenDocumentFragment } from '../generated/graphql.ts'
import { count } from '../parts/figures.ts'
import { cellWords, isNumber } from './words.ts'

interface Previewed {
  columns: OpenDocumentFragment['columns']
  rows: OpenDocumentFragment['preview']
  rowCount: number
}

/** Longest cell that is shown whole, in characters; the style sheet cuts it too, by its width. */
const LONGEST = 200

/** The first rows, as they stand in the document. */
export function Preview({ columns, rows, rowCount }: Previewed) {
  if (rowCount === 0) return <p class="help">No rows.</p>
  if (rows.length === 0) return <p class="help">The first row is too long to be shown here.</p>
  return (
    <>
      <div class="scroll-x preview" tabIndex={0} role="region" aria-label="First rows of the document">
        <table class="plain-table">
          <thead>
            <tr>
              {columns.map(({ name, type, description }) => (
                <th
                  key={name}
                  scope="col"
                  class={isNumber(type) ? 'number' : undefined}
                  title={description ?? undefined}
                >
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                {columns.map(({ name, type }, at) => (
                  <Cell key={name} value={row[at]} number={isNumber(type)} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="help">
        {rowCount === rows.length ? 'All rows' : `The first ${count(rows.length)} of ${count(rowCount)} rows`}
      </p>
    </>
  )
}

function Cell({ value, number }: { value: unknown; number: boolean }) {
  const words = cellWords(value)
  if (words === null)
    return (
      <td class={number ? 'number' : undefined}>
        <span class="faint">null</span>
      </td>
    )
  return (
    <td class={number ? 'number' : undefined} title={words.length > 24 ? words : undefined}>
      {words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words}
    </td>
  )
}

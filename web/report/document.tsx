import type { OpenDocumentFragment } from '../generated/graphql.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { bytes, count } from '../parts/figures.ts'
import { Age, Moment } from '../parts/time.tsx'
import { Fact } from './facts.tsx'
import { Preview } from './preview.tsx'
import { Summary } from './summary.tsx'
import { typeWords } from './words.ts'

/** The finished bytes: what they say as a whole, how they begin, and what they are. */
export function DocumentSection({ document }: { document: OpenDocumentFragment }) {
  const { fileName, contentType, rowCount, byteSize, sha256, columns, expiresAt } = document
  return (
    <section>
      <h2>Document</h2>
      <Summary summary={document.summary} />
      <Preview columns={columns} rows={document.preview} rowCount={rowCount} />
      <dl class="facts">
        <Fact name="File">{fileName}</Fact>
        <Fact name="Rows">{count(rowCount)}</Fact>
        <Fact name="Size">
          {bytes(byteSize)} <span class="help">{contentType}</span>
        </Fact>
        <Fact name="Kept until">
          <Moment at={expiresAt} />{' '}
          <span class="help">
            (<Age at={expiresAt} />)
          </span>
        </Fact>
        <Fact name="SHA-256">
          <code class="sha">{sha256}</code>{' '}
          <CopyButton text={() => sha256} label="Copy the SHA-256">
            Copy
          </CopyButton>
        </Fact>
      </dl>
      <details class="columns">
        <summary>
          {count(columns.length)} {columns.length === 1 ? 'column' : 'columns'}
        </summary>
        <div class="scroll-x" tabIndex={0} role="region" aria-label="Columns">
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Type</th>
                <th scope="col">Description</th>
              </tr>
            </thead>
            <tbody>
              {columns.map(({ name, type, description }) => (
                <tr key={name}>
                  <th scope="row">
                    <code>{name}</code>
                  </th>
                  <td>{typeWords(type)}</td>
                  <td>{description}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  )
}

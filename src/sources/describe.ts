import type { Client } from 'pg'
import type { Column } from '../report-type/define.ts'
import { columnsOf, unknownTypes, type Field } from './cells.ts'
import { SourceFault } from './source.ts'

/**
 * Parse and Describe of Postgres' extended protocol, without Bind and Execute: what a statement would give, unexecuted. The
 * protocol itself refuses more than one statement. A query object as pg's client takes them.
 */
class Description {
  readonly text: string
  readonly fields: Promise<readonly Field[]>
  #resolve: (fields: readonly Field[]) => void
  #reject: (error: unknown) => void
  #found: readonly Field[] = []

  constructor(text: string) {
    this.text = text
    const { promise, resolve, reject } = Promise.withResolvers<readonly Field[]>()
    this.fields = promise
    this.#resolve = resolve
    this.#reject = reject
  }
  submit(connection: { parse(o: object): void; describe(o: object): void; sync(): void }): null {
    connection.parse({ text: this.text, name: '' })
    connection.describe({ type: 'S', name: '' })
    connection.sync()
    return null
  }
  handleRowDescription({ fields }: { fields: readonly Field[] }): void {
    this.#found = fields
  }
  handleReadyForQuery(): void {
    this.#resolve(this.#found)
  }
  handleError(error: unknown): void {
    this.#reject(error)
  }
}

/** The columns of any single statement; none for what returns no rows. Rejects with Postgres' error. */
export async function describeStatement(client: Client, text: string): Promise<Column[]> {
  const description = new Description(text)
  void client.query(description as unknown as Parameters<Client['query']>[0])
  const fields = await description.fields
  const unknown = unknownTypes(fields)
  if (unknown.length === 0) return columnsOf(fields, new Set())
  const arrays = await client.query<{ oid: number }>(
    "select oid::int8::int4 as oid from pg_type where oid = any($1::oid[]) and typcategory = 'A'",
    [unknown],
  )
  return columnsOf(fields, new Set(arrays.rows.map(({ oid }) => oid)))
}

/** `select * from (...)` takes one query and nothing that writes; limit 0 has Postgres check that without reading a row. */
export function asSubquery(statement: string): string {
  return `select * from (\n${statement}\n) as rows limit 0`
}

/** Columns need names that a header line can have. Throws SourceFault INVALID. */
export function checkColumnNames(columns: readonly Column[]): void {
  const seen = new Set<string>()
  for (const [index, { name }] of columns.entries()) {
    if (name === '?column?')
      throw new SourceFault('INVALID', `column ${index + 1} of the query has no name: write "... as some_name".`)
    if (seen.has(name))
      throw new SourceFault('INVALID', `the query has two columns called "${name}": rename one with "as".`)
    seen.add(name)
  }
  if (columns.length === 0) throw new SourceFault('INVALID', 'the query has no columns: select at least one.')
}

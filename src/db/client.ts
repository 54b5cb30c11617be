import pg from 'pg'

const NOTHING = { command: 'ROLLBACK', rowCount: 0, oid: 0, rows: [], fields: [] }

/**
 * A connection that always comes home. The query builder gives one back to the pool only after a commit or a rollback that
 * went well: each connection that breaks in a transaction, or is found broken when one begins, would cost the pool a place
 * for ever. So a rollback never fails here (Postgres takes every ROLLBACK: one that fails means that the connection is gone,
 * and the transaction with it), and a begin that fails gives its connection back itself.
 */
export class HomingClient extends pg.Client {
  // pg has a dozen forms of query(); what is given goes on as it is.
  override query(...given: unknown[]): never {
    const answer: unknown = (super.query as (...given: unknown[]) => unknown)(...given)
    const [first] = given as [string | { text?: string }]
    const text = (typeof first === 'string' ? first : first?.text) ?? ''
    if (!(answer instanceof Promise)) return answer as never
    if (text === 'rollback') return answer.catch(() => this.#leave()) as never
    if (/^(begin|start transaction)\b/.test(text))
      return answer.catch((error: unknown) => this.#giveBack(error)) as never
    return answer as never
  }

  /** An ending client is not given out again; one that hangs is not waited for. */
  #leave(): typeof NOTHING {
    this.end().catch(() => undefined)
    return NOTHING
  }

  /** The pool lends a client with its release(); true: it is broken. */
  #giveBack(error: unknown): never {
    ;(this as { release?(broken: boolean): void }).release?.(true)
    throw error
  }
}

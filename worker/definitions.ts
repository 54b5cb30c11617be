import type { Database } from '../src/db/orm.ts'
import type { Claimed } from '../src/claim/claim.ts'

/** Definitions held; each is the text of one report file. */
const KEPT = 50

export interface KeptDefinition {
  readonly kind: 'sql' | 'rows'
  readonly text: string
}

/** The definition that a report was accepted with, by its version. Rejects with Unavailable when Postgres is away. */
export function createDefinitions(database: Database): { of(claimed: Claimed): Promise<KeptDefinition> } {
  const kept = new Map<string, KeptDefinition>()
  return {
    async of({ typeVersion }) {
      const known = kept.get(typeVersion)
      if (known) return known
      const [row] = await database.statement<KeptDefinition>(
        'select kind, text from broadsheet.report_definition where version = ?',
        [typeVersion],
      )
      if (!row) throw new Error(`There is no definition ${typeVersion}.`)
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value!)
      kept.set(typeVersion, row)
      return row
    },
  }
}

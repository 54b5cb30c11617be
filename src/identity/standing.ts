import type { Database } from '../db/orm.ts'
import type { Role, Viewer } from './viewer.ts'

/** Credentials that one statement asks about, at most. */
const MOST_TOGETHER = 1_000

/** What a credential stands on: its user, the API token that it is or was asked with, the report that it is for. */
export type Footing = Pick<Viewer, 'userId' | 'apiTokenId' | 'watches'>

interface Waiting {
  readonly footing: Footing
  readonly answers: { resolve(role: Role | null): void; reject(error: unknown): void }[]
}

/**
 * The role that a credential's user has now; null where the credential, its user or its report has ended. Nothing is remembered, but
 * what is asked in one turn of the event loop is one statement: ten thousand live sockets cost ten of them each time they are looked at.
 */
export function createStanding({ database }: { database: Database }): (footing: Footing) => Promise<Role | null> {
  let asked = new Map<string, Waiting>()

  async function answer(part: readonly Waiting[]): Promise<void> {
    try {
      const rows = await database.statement<{ place: number; role: Role }>(
        `select place::int, role from broadsheet.standing_credentials(?::uuid[], ?::uuid[], ?::uuid[])`,
        [
          part.map(({ footing }) => footing.userId),
          part.map(({ footing }) => footing.apiTokenId),
          part.map(({ footing }) => footing.watches ?? null),
        ].map(arrayOf),
      )
      const roles = new Map(rows.map(({ place, role }) => [place, role]))
      for (const [index, { answers }] of part.entries())
        for (const { resolve } of answers) resolve(roles.get(index + 1) ?? null)
    } catch (error) {
      for (const { answers } of part) for (const { reject } of answers) reject(error)
    }
  }

  function askAll(): void {
    const all = [...asked.values()]
    asked = new Map()
    for (let from = 0; from < all.length; from += MOST_TOGETHER) void answer(all.slice(from, from + MOST_TOGETHER))
  }

  return (footing) =>
    new Promise((resolve, reject) => {
      if (asked.size === 0) setImmediate(askAll)
      const key = `${footing.userId} ${footing.apiTokenId} ${footing.watches}`
      const waiting = asked.get(key) ?? { footing, answers: [] }
      asked.set(key, waiting)
      waiting.answers.push({ resolve, reject })
    })
}

/** Uuids as Postgres writes a list; null stays null. */
function arrayOf(ids: readonly (string | null)[]): string {
  return `{${ids.map((id) => id ?? 'null').join(',')}}`
}

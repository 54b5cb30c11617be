import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'

/** A database that reports read, and the role that reads it: no superuser, owner of nothing. */
export interface SourceDatabase {
  /** As the reader. */
  readonly url: string
  /** As the owner. */
  sql<T extends object = Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]>
  /** Queries of the reader that run now, by their application_name. */
  running(): Promise<string[]>
  drop(): Promise<void>
}

/** `setup` runs as the owner; the reader may then select from every table in public. */
export async function createSourceDatabase(setup: string): Promise<SourceDatabase> {
  const name = `source_${randomBytes(6).toString('hex')}`
  const urlOf = (database: string, user?: string) => {
    const url = new URL(inject('postgresUrl'))
    url.pathname = `/${database}`
    if (user) [url.username, url.password] = [user, 'reader']
    return url.href
  }
  const onServer = async (...statements: string[]) => {
    const client = new pg.Client(urlOf('postgres'))
    await client.connect()
    for (const statement of statements) await client.query(statement)
    await client.end()
  }
  await onServer(`create database ${name}`, `create role ${name} login password 'reader'`)
  const owner = new pg.Client(urlOf(name))
  await owner.connect()
  await owner.query(setup)
  await owner.query(`grant usage on schema public to ${name}; grant select on all tables in schema public to ${name}`)
  return {
    url: urlOf(name, name),
    async sql<T extends object>(text: string, values: unknown[] = []) {
      return (await owner.query(text, values)).rows as T[]
    },
    async running() {
      const { rows } = await owner.query<{ name: string }>(
        `select application_name as name from pg_stat_activity where usename = $1 and state <> 'idle'`,
        [name],
      )
      return rows.map((row) => row.name)
    },
    async drop() {
      await owner.end()
      await onServer(`drop database ${name} with (force)`, `drop role ${name}`)
    },
  }
}

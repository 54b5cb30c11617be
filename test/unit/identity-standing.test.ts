import { v7 } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { API_ROLE } from '../../src/db/roles.ts'
import type { Database } from '../../src/db/orm.ts'
import { createStanding, type Footing } from '../../src/identity/standing.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'

let db: TestDatabase
let database: Database
let statements = 0
const user = v7()
const removed = v7()
const tokens = { good: v7(), revoked: v7(), expired: v7(), others: v7() }
const footing = (more: Partial<Footing> = {}): Footing => ({ userId: user, apiTokenId: null, ...more })

beforeAll(async () => {
  db = await createDatabase()
  const opened = await db.open(API_ROLE)
  database = { ...opened, statement: (...given) => (statements++, opened.statement(...given)) }
  await db.sql(`insert into broadsheet.tenant (id) values ('here'), ('there')`)
  for (const [id, tenant, gone] of [
    [user, 'here', null],
    [removed, 'there', new Date()],
  ] as const)
    await db.sql(`insert into broadsheet.app_user (id, tenant_id, name, role, removed_at) values ($1, $2, 'x', 'MEMBER', $3)`, [id, tenant, gone]) // prettier-ignore
  for (const [name, id] of Object.entries(tokens))
    await db.sql(
      `insert into broadsheet.api_token (id, tenant_id, user_id, name, hash, scopes, revoked_at, expires_at) values ($1, 'here', $2, 'x', $5, '{}', $3, $4)`,
      [
        id,
        name === 'others' ? removed : user,
        name === 'revoked' ? new Date() : null,
        name === 'expired' ? new Date(Date.now() - 1_000) : null,
        Buffer.from(id),
      ],
    )
})
afterAll(() => db.drop())

it('says the role, or null where user, token or report has ended', async () => {
  const standing = createStanding({ database })
  const roles = await Promise.all(
    [
      footing(),
      footing({ userId: removed }),
      footing({ userId: v7() }),
      ...Object.values(tokens).map((apiTokenId) => footing({ apiTokenId })),
      footing({ watches: v7() }),
    ].map(standing),
  )
  expect(roles).toEqual(['MEMBER', null, null, 'MEMBER', null, null, null, null])
})

it('asks once for all of one turn, a thousand at a time, and for each credential once', async () => {
  const standing = createStanding({ database })
  const strangers = Array.from({ length: 1_200 }, () => footing({ userId: v7() }))
  statements = 0
  const roles = await Promise.all([footing(), ...strangers, footing(), footing()].map(standing))
  expect(statements).toBe(2)
  expect([roles[0], roles.at(-1)]).toEqual(['MEMBER', 'MEMBER'])
  expect(roles.filter(Boolean)).toHaveLength(3)
  expect(await standing(footing())).toBe('MEMBER')
  expect(statements).toBe(3)
})

it('tells all who asked where nobody can say', async () => {
  const away = { ...database, statement: () => Promise.reject(new Error('away')) }
  const standing = createStanding({ database: away })
  const said = await Promise.allSettled([footing(), footing(), footing({ userId: v7() })].map(standing))
  expect(said.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
})

// Long because each rule about people is shown with every role, and all share one tenant and its neighbour.
import { v7 } from 'uuid'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../src/db/orm.ts'
import { API_ROLE } from '../../src/db/roles.ts'
import { Forbidden, Refusal, type UserError } from '../../src/errors.ts'
import { createAuthenticator } from '../../src/identity/authenticate.ts'
import { defaultScopes } from '../../src/identity/policy.ts'
import { createTokens, type Tokens } from '../../src/identity/tokens.ts'
import { createUsers, type Users } from '../../src/identity/users.ts'
import { SCOPES, type Role, type Viewer } from '../../src/identity/viewer.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'

let db: TestDatabase
let database: Database
let users: Users
let tokens: Tokens
let admin: Viewer
let member: Viewer
let foreign: Viewer

beforeAll(async () => {
  db = await createDatabase()
  database = await db.open(API_ROLE)
  users = createUsers({ database })
  tokens = createTokens({ database })
})
afterAll(() => db.drop())
beforeEach(async () => {
  admin = await arrange(v7(), 'ADMIN')
  member = await arrange(admin.tenantId, 'MEMBER')
  foreign = await arrange(v7(), 'ADMIN')
})

async function arrange(tenantId: string, role: Role): Promise<Viewer> {
  const userId = v7()
  await db.sql(`insert into broadsheet.tenant (id) values ($1) on conflict do nothing`, [tenantId])
  await db.sql(`insert into broadsheet.app_user (id, tenant_id, name, role) values ($1, $2, $3, $3)`, [
    userId,
    tenantId,
    role,
  ])
  return { userId, tenantId, role, scopes: defaultScopes(role), tokenExpiresAt: null, apiTokenId: null }
}
async function refusal(work: Promise<unknown>): Promise<Pick<UserError, 'field' | 'code'>[]> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(Refusal)
  return (error as Refusal).userErrors.map(({ field, code }) => ({ field, code }))
}
const administrator = async () =>
  (await createAuthenticator({ database, verifier: null, adminToken: 'settings' }).authenticate('Bearer settings'))!

describe('users', () => {
  it('are made by an ADMIN, in its tenant', async () => {
    const made = await users.create(admin, { name: ' Grace Hopper ', email: 'grace@navy.example', role: 'VIEWER' })
    expect(
      await db.sql(`select tenant_id, subject, name, email, role, removed_at from broadsheet.app_user where id = $1`, [
        made.id,
      ]),
    ).toEqual([
      {
        tenant_id: admin.tenantId,
        subject: null,
        name: 'Grace Hopper',
        email: 'grace@navy.example',
        role: 'VIEWER',
        removed_at: null,
      },
    ])
  })

  it('are managed by nobody but an ADMIN with users:write', async () => {
    const narrow: Viewer = { ...admin, scopes: ['reports:read', 'reports:write'] }
    for (const viewer of [member, { ...member, scopes: SCOPES }, narrow]) {
      await expect(users.create(viewer, { name: 'x', role: 'ADMIN' })).rejects.toThrow(Forbidden)
      await expect(users.update(viewer, member.userId, { role: 'ADMIN' })).rejects.toThrow(Forbidden)
      await expect(users.remove(viewer, member.userId)).rejects.toThrow(Forbidden)
    }
  })

  it('have a name and an address that are such, all faults named at once', async () => {
    expect(await refusal(users.create(admin, { name: ' ', email: 'nobody', role: 'MEMBER' }))).toEqual([
      { field: ['name'], code: 'INVALID' },
      { field: ['email'], code: 'INVALID' },
    ])
    for (const name of ['x'.repeat(201), 'two\nlines', 'nul\u0000', 'half\ud800'])
      expect(await refusal(users.create(admin, { name, role: 'MEMBER' }))).toEqual([
        { field: ['name'], code: 'INVALID' },
      ])
    for (const email of [
      'a@b',
      'a b@c.de',
      '@c.de',
      'a@c..de',
      'a@-c.de',
      'a@c.de\r\nBcc: x@y.zz',
      'a@c.de,b@c.de',
      `${'x'.repeat(65)}@c.de`,
    ]) {
      expect(await refusal(users.update(admin, member.userId, { email })), email).toEqual([
        { field: ['email'], code: 'INVALID' },
      ])
    }
    await users.create(admin, { name: 'x'.repeat(200), email: "o'hara+reports@mail.example.co.uk", role: 'MEMBER' })
  })

  it('change what is given and keep the rest', async () => {
    await users.update(admin, member.userId, { email: 'm@example.com' })
    const changed = await users.update(admin, member.userId.toUpperCase(), { name: 'New', email: null, role: 'VIEWER' })
    expect(changed).toMatchObject({ id: member.userId, name: 'New', email: 'm@example.com', role: 'VIEWER' })
  })

  it('of another tenant are as good as none: NOT_FOUND, and untouched', async () => {
    for (const id of [foreign.userId, v7(), 'no id']) {
      expect(await refusal(users.update(admin, id, { name: 'mine' }))).toEqual([{ field: ['id'], code: 'NOT_FOUND' }])
      expect(await refusal(users.remove(admin, id))).toEqual([{ field: ['id'], code: 'NOT_FOUND' }])
    }
    expect(await db.sql(`select name, removed_at from broadsheet.app_user where id = $1`, [foreign.userId])).toEqual([
      { name: 'ADMIN', removed_at: null },
    ])
  })

  it('leave a tombstone, lose their tokens with it, and are gone for further changes', async () => {
    const { token } = await tokens.create(member, { name: 't', scopes: ['reports:read'] })
    const kept = await tokens.create(admin, { name: 't', scopes: ['reports:read'] })
    expect(await users.remove(admin, member.userId)).toBe(member.userId)
    expect(
      await db.sql(`select id, removed_at is not null as removed from broadsheet.app_user where id = $1`, [
        member.userId,
      ]),
    ).toEqual([{ id: member.userId, removed: true }])
    expect(
      await db.sql(`select id from broadsheet.api_token where revoked_at is not null and id = any($1)`, [
        [token.id, kept.token.id],
      ]),
    ).toEqual([{ id: token.id }])
    expect(await refusal(users.remove(admin, member.userId))).toEqual([{ field: ['id'], code: 'NOT_FOUND' }])
    expect(await refusal(tokens.create(member, { name: 't', scopes: ['reports:read'] }))).toEqual([
      { field: ['userId'], code: 'NOT_FOUND' },
    ])
  })

  it('always have an ADMIN among them', async () => {
    expect(await refusal(users.remove(admin, admin.userId))).toEqual([{ field: ['id'], code: 'CONFLICT' }])
    expect(await refusal(users.update(admin, admin.userId, { role: 'MEMBER' }))).toEqual([
      { field: ['role'], code: 'CONFLICT' },
    ])
    const second = await users.create(admin, { name: 'Second', role: 'ADMIN' })
    await users.remove(admin, second.id)
    expect(await refusal(users.remove(admin, admin.userId))).toEqual([{ field: ['id'], code: 'CONFLICT' }])
  })

  it('always have an ADMIN among them, also when the last two go at once', async () => {
    const other = await users.create(admin, { name: 'Other', role: 'ADMIN' })
    // Both are under way before either can finish: whoever only looked, and did not wait its turn, would see two.
    const holder = await db.hold()
    await holder.query(`select from broadsheet.app_user where tenant_id = $1 for update`, [admin.tenantId])
    const both = Promise.allSettled([
      users.remove(admin, other.id),
      users.update(admin, admin.userId, { role: 'VIEWER' }),
    ])
    await until(async () => (await db.waiting()) === 2)
    await holder.query('commit')
    await holder.end()
    const results = await both
    expect(
      results
        .filter((result) => result.status === 'rejected')
        .map((result) => (result.reason as Refusal).userErrors?.[0]?.code),
    ).toEqual(['CONFLICT'])
    expect(
      await db.sql(
        `select count(*)::int as n from broadsheet.app_user where tenant_id = $1 and role = 'ADMIN' and removed_at is null`,
        [admin.tenantId],
      ),
    ).toEqual([{ n: 1 }])
  })

  it('keep the administrator of the settings', async () => {
    const settings = await administrator()
    await users.create(settings, { name: 'Second', role: 'ADMIN' })
    expect(await refusal(users.remove(settings, settings.userId))).toEqual([{ field: ['id'], code: 'CONFLICT' }])
    expect(await refusal(users.update(settings, settings.userId, { role: 'VIEWER' }))).toEqual([
      { field: ['role'], code: 'CONFLICT' },
    ])
  })

  it('are listed page by page for an ADMIN; others find themselves; names are for all of the tenant', async () => {
    for (let i = 0; i < 4; i++) await users.create(admin, { name: `User ${i}`, role: 'MEMBER' })
    const gone = await users.create(admin, { name: 'Gone', role: 'MEMBER' })
    await users.remove(admin, gone.id)
    const reading = database.reading(admin.tenantId)
    const first = await users.page(admin, reading, { first: 4 })
    const rest = await users.page(admin, reading, { first: 4, after: first.pageInfo.endCursor })
    expect([...first.edges, ...rest.edges].map(({ node }) => node.name)).toEqual([
      'ADMIN',
      'MEMBER',
      'User 0',
      'User 1',
      'User 2',
      'User 3',
    ])
    expect([first.pageInfo.hasNextPage, rest.pageInfo.hasNextPage]).toEqual([true, false])
    expect(await first.totalCount()).toBe(6)
    expect((await users.page(member, reading, {})).edges.map(({ node }) => node.id)).toEqual([member.userId])

    expect(
      (await users.byIds(reading, [gone.id, foreign.userId, 'no id', member.userId])).map((user) => user?.name ?? null),
    ).toEqual(['Gone', null, null, 'MEMBER'])
    expect(await users.find(admin, reading, member.userId)).toMatchObject({ name: 'MEMBER' })
    expect(await users.find(admin, reading, foreign.userId)).toBeNull()
    expect(await users.find(member, reading, admin.userId)).toBeNull()
    expect(await users.find(member, reading, 'no id')).toBeNull()
    await reading.end()
  })
})

describe('API tokens', () => {
  it('are for the viewer itself, and listed for it alone', async () => {
    const { token, secret } = await tokens.create(member, {
      name: ' CI ',
      scopes: ['reports:write', 'reports:read', 'reports:read'],
    })
    expect(secret).toMatch(/^bsk_/)
    expect(token).toMatchObject({
      name: 'CI',
      userId: member.userId,
      scopes: ['reports:read', 'reports:write'],
      expiresAt: null,
    })
    expect((await tokens.ofViewer(member)).map(({ id }) => id)).toEqual([token.id])
    expect(await tokens.ofViewer(admin)).toEqual([])
    expect(await tokens.byId(member, token.id)).toMatchObject({ id: token.id })
    expect(await tokens.byId(admin, token.id)).toBeNull()
    expect(await tokens.byId(foreign, token.id)).toBeNull()
  })

  it('never have more than their maker', async () => {
    const at = (code: string) => [{ field: ['scopes'], code }]
    expect(await refusal(tokens.create(member, { name: 't', scopes: ['reports:read', 'users:write'] }))).toEqual(
      at('FORBIDDEN'),
    )
    expect(
      await refusal(tokens.create({ ...admin, scopes: ['reports:read'] }, { name: 't', scopes: ['reports:write'] })),
    ).toEqual(at('FORBIDDEN'))
    expect(await refusal(tokens.create({ ...member, scopes: SCOPES }, { name: 't', scopes: ['users:write'] }))).toEqual(
      at('FORBIDDEN'),
    )
    expect(await refusal(tokens.create(admin, { name: 't', scopes: ['reports:delete'] }))).toEqual(at('INVALID'))
    expect(await refusal(tokens.create(admin, { name: 't', scopes: [] }))).toEqual(at('REQUIRED'))
  })

  it('never have more than their user', async () => {
    expect(await refusal(tokens.create(admin, { name: 't', scopes: ['users:write'], userId: member.userId }))).toEqual([
      { field: ['scopes'], code: 'FORBIDDEN' },
    ])
  })

  it('have system:read from the ADMIN token of the settings alone, and do not pass it on', async () => {
    expect(await refusal(tokens.create(admin, { name: 't', scopes: ['system:read'] }))).toEqual([
      { field: ['scopes'], code: 'FORBIDDEN' },
    ])
    const settings = await administrator()
    const { secret } = await tokens.create(settings, { name: 'monitor', scopes: ['system:read', 'reports:read'] })
    const monitor = (await createAuthenticator({ database, verifier: null, adminToken: null }).authenticate(
      `Bearer ${secret}`,
    ))!
    expect(monitor.scopes).toEqual(['reports:read', 'system:read'])
    expect(await refusal(tokens.create(monitor, { name: 't', scopes: ['system:read'] }))).toEqual([
      { field: ['scopes'], code: 'FORBIDDEN' },
    ])
  })

  it('are made for others by an ADMIN with users:write, within the tenant', async () => {
    const { token } = await tokens.create(admin, { name: 't', scopes: ['reports:read'], userId: member.userId })
    expect(token.userId).toBe(member.userId)
    const at = (code: string) => [{ field: ['userId'], code }]
    expect(await refusal(tokens.create(member, { name: 't', scopes: ['reports:read'], userId: admin.userId }))).toEqual(
      at('FORBIDDEN'),
    )
    expect(
      await refusal(
        tokens.create(
          { ...admin, scopes: ['reports:read'] },
          { name: 't', scopes: ['reports:read'], userId: member.userId },
        ),
      ),
    ).toEqual(at('FORBIDDEN'))
    for (const userId of [foreign.userId, v7(), 'no id'])
      expect(await refusal(tokens.create(admin, { name: 't', scopes: ['reports:read'], userId }))).toEqual(
        at('NOT_FOUND'),
      )
  })

  it('end when they are told to, and not after the token that made them', async () => {
    const now = new Date('2026-01-31T00:00:00Z')
    const clocked = createTokens({ database, now: () => now })
    const endOf = async (viewer: Viewer, expiresIn: string | null) =>
      (
        await clocked.create(viewer, { name: 't', scopes: ['reports:read'], expiresIn })
      ).token.expiresAt?.toISOString() ?? null
    expect(await endOf(member, 'P30D')).toBe('2026-03-02T00:00:00.000Z')
    expect(await endOf(member, 'P1M')).toBe('2026-02-28T00:00:00.000Z')
    expect(await endOf(member, null)).toBeNull()
    const brief: Viewer = { ...member, apiTokenId: v7(), tokenExpiresAt: new Date('2026-02-01T00:00:00Z') }
    expect(await endOf(brief, 'PT1H')).toBe('2026-01-31T01:00:00.000Z')
    expect(await endOf(brief, null)).toBe('2026-02-01T00:00:00.000Z')
    expect(await endOf({ ...brief, apiTokenId: null }, null)).toBeNull()
    for (const [viewer, expiresIn] of [
      [brief, 'P2D'],
      [member, 'PT0S'],
      [member, '-P1D'],
      [member, 'P11Y'],
      [member, 'P999999999Y'],
      [member, 'soon'],
      [member, ''],
    ] as const) {
      expect(await refusal(endOf(viewer, expiresIn)), expiresIn).toEqual([{ field: ['expiresIn'], code: 'INVALID' }])
    }
  })

  it('have a name, and all faults are named at once', async () => {
    expect(
      await refusal(tokens.create(member, { name: '', scopes: [], expiresIn: 'soon', userId: admin.userId })),
    ).toEqual([
      { field: ['scopes'], code: 'REQUIRED' },
      { field: ['name'], code: 'INVALID' },
      { field: ['expiresIn'], code: 'INVALID' },
      { field: ['userId'], code: 'FORBIDDEN' },
    ])
  })

  it('are at most 100 for a user; revoked and ended ones do not count', async () => {
    await db.sql(
      `insert into broadsheet.api_token (id, tenant_id, user_id, name, hash, scopes, revoked_at, expires_at)
       select gen_random_uuid(), $1, $2, 't', sha256(gen_random_uuid()::text::bytea), '{}', case when n > 100 then now() end, case when n > 99 then now() end
       from generate_series(1, 110) n`,
      [member.tenantId, member.userId],
    )
    await tokens.create(member, { name: 't', scopes: ['reports:read'] })
    expect(await refusal(tokens.create(member, { name: 't', scopes: ['reports:read'] }))).toEqual([
      { field: null, code: 'LIMIT_REACHED' },
    ])
    expect(await tokens.ofViewer(member)).toHaveLength(100)
  })

  it('are revoked by their user or by an ADMIN of the tenant, once', async () => {
    const make = async () => (await tokens.create(member, { name: 't', scopes: ['reports:read'] })).token.id
    const at = [{ field: ['id'], code: 'NOT_FOUND' }]
    const [own, byAdmin] = [await make(), await make()]
    const other = await arrange(admin.tenantId, 'MEMBER')
    for (const viewer of [other, foreign, { ...admin, scopes: ['reports:write'] } as Viewer])
      expect(await refusal(tokens.revoke(viewer, own))).toEqual(at)
    expect(await tokens.revoke(member, own)).toBe(own)
    expect(await refusal(tokens.revoke(member, own))).toEqual(at)
    expect(await tokens.revoke(admin, byAdmin)).toBe(byAdmin)
    expect(await tokens.ofViewer(member)).toEqual([])
    expect(await refusal(tokens.revoke(admin, 'no id'))).toEqual(at)
  })
})

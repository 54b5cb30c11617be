// Long because every credential that is taken or refused stands in one place, against one set of people.
import { SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../src/db/orm.ts'
import { API_ROLE } from '../../src/db/roles.ts'
import { Unauthenticated } from '../../src/errors.ts'
import { createAuthenticator, type Authenticator } from '../../src/identity/authenticate.ts'
import { createVerifier } from '../../src/identity/jwt.ts'
import { createMemory } from '../../src/identity/remember.ts'
import { hashOf, isWellFormed, makeToken } from '../../src/identity/token-text.ts'
import { createTokens } from '../../src/identity/tokens.ts'
import { createUsers } from '../../src/identity/users.ts'
import { SCOPES, type Viewer } from '../../src/identity/viewer.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'

const SECRET = 'a secret of the embedding application'
const ADMIN_TOKEN = 'the-administrator-of-the-settings'
let db: TestDatabase
let database: Database
let auth: Authenticator
let later = 0
/** Milliseconds that the wall clock is ahead of `later`. */
let ahead = 0
let people = 0

beforeAll(async () => {
  db = await createDatabase()
  database = await db.open(API_ROLE)
})
afterAll(() => db.drop())
beforeEach(() => {
  auth = createAuthenticator({
    database,
    verifier: createVerifier({ secret: SECRET }),
    adminToken: ADMIN_TOKEN,
    ticks: () => later,
    now: () => new Date(Date.now() + later + ahead),
  })
  later = 0
  ahead = 0
})

function jwt(claims: Record<string, unknown>): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 60
  return new SignJWT({ exp, ...claims }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(SECRET))
}
async function bearer(claims: Record<string, unknown>): Promise<Viewer> {
  return (await auth.authenticate(`Bearer ${await jwt(claims)}`))!
}
const administrator = async () => (await auth.authenticate(`Bearer ${ADMIN_TOKEN}`))!
/** An ADMIN of a tenant of its own. */
const somebody = () => bearer({ sub: `ada-${++people}`, tenant: `tenant-${people}`, role: 'ADMIN' })

async function refused(authorization: string): Promise<Unauthenticated> {
  const error: unknown = await auth.authenticate(authorization).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(Unauthenticated)
  return error as Unauthenticated
}

describe('the header', () => {
  it('may be absent: nobody', async () => {
    expect(await auth.authenticate(undefined)).toBeNull()
    expect(await auth.authenticate(null)).toBeNull()
    expect(await auth.authenticate('')).toBeNull()
  })
  it('is Bearer in any case, and nothing else', async () => {
    const token = await jwt({ sub: 'scheme' })
    for (const scheme of ['Bearer', 'bearer', 'BEARER  '])
      expect(await auth.authenticate(`${scheme} ${token}`)).toMatchObject({ tenantId: 'default' })
    for (const other of [`Basic ${token}`, token, 'Bearer', `Bearer ${token} ${token}`, `Bearer ${'x'.repeat(9_000)}`])
      expect((await refused(other)).ended).toBe(false)
  })
})

describe('the ADMIN token of the settings', () => {
  it('is an ADMIN of tenant "default" with every scope and a user row', async () => {
    const viewer = await administrator()
    expect(viewer).toMatchObject({
      tenantId: 'default',
      role: 'ADMIN',
      scopes: SCOPES,
      tokenExpiresAt: null,
      apiTokenId: null,
    })
    expect(await db.sql(`select subject, name, role from broadsheet.app_user where id = $1`, [viewer.userId])).toEqual([
      { subject: 'broadsheet:admin', name: 'Administrator', role: 'ADMIN' },
    ])
    expect(await auth.recheck(viewer)).toBe(true)
  })
  it('is nobody where the settings have none', async () => {
    auth = createAuthenticator({ database, verifier: null, adminToken: null })
    await refused(`Bearer ${ADMIN_TOKEN}`)
    await refused(`Bearer ${await jwt({ sub: 'x' })}`)
  })
  it('is nobody but for the whole of it', async () => {
    await refused(`Bearer ${ADMIN_TOKEN}x`)
    await refused(`Bearer ${ADMIN_TOKEN.slice(0, -1)}`)
  })
})

describe('a JWT', () => {
  it('makes the tenant and the user at first sight, once, also when seen many times at once', async () => {
    const token = await jwt({ sub: 'grace', tenant: 'navy', name: 'Grace', email: 'grace@navy.example' })
    const others = Array.from({ length: 4 }, () =>
      createAuthenticator({ database, verifier: createVerifier({ secret: SECRET }), adminToken: null }),
    )
    const viewers = await Promise.all([auth, ...others].map((one) => one.authenticate(`Bearer ${token}`)))
    expect(new Set(viewers.map((viewer) => viewer?.userId)).size).toBe(1)
    expect(viewers[0]).toMatchObject({ tenantId: 'navy', role: 'MEMBER', apiTokenId: null })
    expect(viewers[0]?.tokenExpiresAt).toBeInstanceOf(Date)
    expect(await db.sql(`select id, name, email, role from broadsheet.app_user where tenant_id = 'navy'`)).toEqual([
      { id: viewers[0]?.userId, name: 'Grace', email: 'grace@navy.example', role: 'MEMBER' },
    ])
  })

  it('is another user for the same sub in another tenant', async () => {
    const [one, two] = [await bearer({ sub: 'twin', tenant: 'left' }), await bearer({ sub: 'twin', tenant: 'right' })]
    expect(one.userId).not.toBe(two.userId)
  })

  it('brings the row up to date: role, name, e-mail; what it does not say stays', async () => {
    const { userId } = await bearer({ sub: 'mover', role: 'ADMIN', name: 'First', email: 'first@example.com' })
    const row = async () =>
      (await db.sql(`select role, name, email from broadsheet.app_user where id = $1`, [userId]))[0]
    await bearer({ sub: 'mover', role: 'VIEWER' })
    expect(await row()).toEqual({ role: 'VIEWER', name: 'First', email: 'first@example.com' })
    await bearer({ sub: 'mover', role: 'VIEWER', name: 'Second', email: 'second@example.com' })
    expect(await row()).toEqual({ role: 'VIEWER', name: 'Second', email: 'second@example.com' })
  })

  it('writes nothing while nothing changes', async () => {
    const { userId } = await bearer({ sub: 'steady', name: 'Steady' })
    const version = async () =>
      (await db.sql<{ v: string }>(`select xmin::text as v from broadsheet.app_user where id = $1`, [userId]))[0]?.v
    const before = await version()
    later = 60_000 - 10_000
    await bearer({ sub: 'steady', name: 'Steady' })
    expect(await version()).toBe(before)
  })

  it('is refused, as ended, within 5 s of its user being removed, and its socket with it', async () => {
    const admin = await somebody()
    const token = await jwt({ sub: 'leaver', tenant: admin.tenantId })
    const leaver = (await auth.authenticate(`Bearer ${token}`))!
    expect(await auth.recheck(leaver)).toBe(true)
    await createUsers({ database }).remove(admin, leaver.userId)
    later = 5_000
    expect((await refused(`Bearer ${token}`)).ended).toBe(true)
    expect(await auth.recheck(leaver)).toBe(false)
    // Also with a new JWT that says more than the row: the tombstone is not brought back to life.
    expect((await refused(`Bearer ${await jwt({ sub: 'leaver', tenant: admin.tenantId, role: 'ADMIN' })}`)).ended).toBe(
      true,
    )
  })

  it('does not undo a removal that happens meanwhile', async () => {
    const { userId } = await bearer({ sub: 'racer', role: 'MEMBER' })
    const holder = await db.hold()
    await holder.query(`update broadsheet.app_user set removed_at = now() where id = $1`, [userId])
    const refusal = refused(`Bearer ${await jwt({ sub: 'racer', role: 'ADMIN' })}`)
    await until(async () => (await db.waiting()) === 1)
    await holder.query('commit')
    await holder.end()
    expect((await refusal).ended).toBe(true)
  })

  it('ends with exp, for requests and for sockets', async () => {
    const token = await jwt({ sub: 'brief' })
    const viewer = (await auth.authenticate(`Bearer ${token}`))!
    later = 61_000
    expect((await refused(`Bearer ${token}`)).ended).toBe(true)
    expect(await auth.recheck(viewer)).toBe(false)
  })

  it('can not speak for the administrator of the settings', async () => {
    await administrator()
    await refused(`Bearer ${await jwt({ sub: 'broadsheet:admin', role: 'VIEWER' })}`)
    expect((await db.sql(`select role from broadsheet.app_user where subject = 'broadsheet:admin'`))[0]).toEqual({
      role: 'ADMIN',
    })
  })
})

describe('an API token', () => {
  const tokens = () => createTokens({ database })
  const made = async (viewer: Viewer) =>
    tokens().create(viewer, { name: 't', scopes: ['reports:read', 'users:write'], expiresIn: 'PT1H' })

  it('gives its user, with its scopes and its end', async () => {
    const maker = await somebody()
    const { token, secret } = await made(maker)
    expect(await auth.authenticate(`Bearer ${secret}`)).toEqual({
      userId: maker.userId,
      tenantId: maker.tenantId,
      role: 'ADMIN',
      scopes: ['reports:read', 'users:write'],
      tokenExpiresAt: token.expiresAt,
      apiTokenId: token.id,
    })
  })

  it('is kept as a hash alone', async () => {
    const { token, secret } = await made(await somebody())
    expect((await db.sql(`select hash from broadsheet.api_token where id = $1`, [token.id]))[0]).toEqual({
      hash: hashOf(secret),
    })
    expect(JSON.stringify(await db.sql(`select t::text from broadsheet.api_token t`))).not.toContain(
      secret.slice(4, 20),
    )
  })

  it('with a typo is refused without a question to the database', async () => {
    const closed = await db.open(API_ROLE)
    await closed.close()
    auth = createAuthenticator({ database: closed, verifier: null, adminToken: null })
    const good = makeToken()
    const typo = good.slice(0, 20) + (good[20] === 'A' ? 'B' : 'A') + good.slice(21)
    expect((await refused(`Bearer ${typo}`)).message).toMatch(/typo/)
    await expect(auth.authenticate(`Bearer ${good}`)).rejects.not.toThrow(/typo/)
  })

  it('that was never given out is refused, and is no ended one', async () => {
    expect((await refused(`Bearer ${makeToken()}`)).ended).toBe(false)
  })

  it('is refused, as ended, within 5 s of revocation, and its socket with it', async () => {
    const maker = await somebody()
    const { token, secret } = await made(maker)
    const viewer = (await auth.authenticate(`Bearer ${secret}`))!
    expect(await auth.recheck(viewer)).toBe(true)
    await tokens().revoke(maker, token.id)
    later = 5_000
    expect((await refused(`Bearer ${secret}`)).ended).toBe(true)
    expect(await auth.recheck(viewer)).toBe(false)
  })

  it('ends with its time, also while it is remembered', async () => {
    const { secret, token } = await made(await somebody())
    await auth.authenticate(`Bearer ${secret}`)
    await db.sql(`update broadsheet.api_token set expires_at = now() - interval '1 second' where id = $1`, [token.id])
    later = 5_000
    // A process whose clock is behind: the database decides.
    ahead = -60_000
    expect((await refused(`Bearer ${secret}`)).ended).toBe(true)

    const second = await tokens().create(await somebody(), { name: 't', scopes: ['reports:read'], expiresIn: 'PT1H' })
    const viewer = (await auth.authenticate(`Bearer ${second.secret}`))!
    ahead = 3_600_000
    expect((await refused(`Bearer ${second.secret}`)).ended).toBe(true)
    expect(await auth.recheck(viewer)).toBe(false)
  })

  it('follows its user: less power after a demotion, none after removal', async () => {
    const maker = await somebody()
    const { secret } = await made(maker)
    const before = (await auth.authenticate(`Bearer ${secret}`))!
    await db.sql(`update broadsheet.app_user set role = 'VIEWER' where id = $1`, [maker.userId])
    later = 5_000
    expect(await auth.authenticate(`Bearer ${secret}`)).toMatchObject({ role: 'VIEWER', scopes: ['reports:read'] })
    expect(await auth.recheck(before)).toBe(false)
    const demoted = (await auth.authenticate(`Bearer ${secret}`))!
    await db.sql(`update broadsheet.app_user set removed_at = now() where id = $1`, [maker.userId])
    later = 10_000
    expect(await auth.recheck(demoted)).toBe(false)
    expect((await refused(`Bearer ${secret}`)).ended).toBe(true)
  })

  it('notes its use at most once a minute', async () => {
    const { token, secret } = await made(await somebody())
    const row = async () =>
      (
        await db.sql<{ v: string; used: Date | null }>(
          `select xmin::text as v, last_used_at as used from broadsheet.api_token where id = $1`,
          [token.id],
        )
      )[0]
    expect((await row())?.used).toBeNull()
    await auth.authenticate(`Bearer ${secret}`)
    const first = await row()
    expect(first?.used).toBeInstanceOf(Date)
    later = 30_000
    await auth.authenticate(`Bearer ${secret}`)
    const other = createAuthenticator({ database, verifier: null, adminToken: null })
    await other.authenticate(`Bearer ${secret}`)
    expect(await row()).toEqual(first)
    await db.sql(`update broadsheet.api_token set last_used_at = now() - interval '2 minutes' where id = $1`, [
      token.id,
    ])
    later = 61_000
    await auth.authenticate(`Bearer ${secret}`)
    expect((await row())?.used?.getTime()).toBeGreaterThanOrEqual(first!.used!.getTime())
  })
})

describe('the text of a token', () => {
  it('is always of one shape, and no single change of a character passes', () => {
    for (let i = 0; i < 50; i++) {
      const token = makeToken()
      expect(token).toMatch(/^bsk_[0-9A-Za-z]{49}$/)
      expect(isWellFormed(token)).toBe(true)
    }
    const token = makeToken()
    for (let at = 4; at < token.length; at++) {
      const changed = token.slice(0, at) + (token[at] === 'x' ? 'y' : 'x') + token.slice(at + 1)
      expect(isWellFormed(changed), `${at}`).toBe(false)
    }
    expect(isWellFormed(token.slice(0, -1))).toBe(false)
  })
})

describe('the memory', () => {
  it('is bounded, forgets in time, shares a load, and does not remember a failure', async () => {
    let time = 0
    let loads = 0
    const memory = createMemory<number>({ lifetime: 10, most: 3, ticks: () => time })
    const load = () => Promise.resolve(++loads)
    expect(await Promise.all([memory.recall('a', load), memory.recall('a', load)])).toEqual([1, 1])
    for (const key of ['b', 'c', 'd', 'e']) await memory.recall(key, load)
    expect(memory.size).toBe(3)
    expect(await memory.recall('e', load)).toBe(5)
    time = 10
    expect(await memory.recall('e', load)).toBe(6)
    expect(memory.size).toBe(1)
    await expect(memory.recall('f', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await memory.recall('f', load)).toBe(7)
  })
})

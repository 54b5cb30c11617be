import { LockMode } from '@mikro-orm/core'
import { v7 } from 'uuid'
import type { Database, EntityManager, Reading } from '../db/orm.ts'
import { readPage, type Page, type PageArguments } from '../db/page.ts'
import { Refusal, refuse, type UserError } from '../errors.ts'
import { isAdministrator } from './arrival.ts'
import { ApiToken, User } from './identity.entity.ts'
import { emailOf, nameOf } from './person.ts'
import { readableUsers, requirePeopleAdmin } from './policy.ts'
import { isUuid } from '../uuid.ts'
import type { Role, Viewer } from './viewer.ts'

export interface UserInput {
  name: string
  email?: string | null | undefined
  role: Role
}

/** Null or absent: unchanged. */
export interface UserChanges {
  name?: string | null | undefined
  email?: string | null | undefined
  role?: Role | null | undefined
}

export interface Users {
  /** Throws Forbidden unless an ADMIN with users:write; Refusal with paths ["name"], ["email"]. */
  create(viewer: Viewer, input: UserInput): Promise<User>
  /** As create; Refusal NOT_FOUND at ["id"] for a foreign, unknown or removed user, CONFLICT at ["role"] for the last ADMIN. */
  update(viewer: Viewer, id: string, changes: UserChanges): Promise<User>
  /** Leaves a tombstone and revokes the user's API tokens with it. Answers the id. Refusal NOT_FOUND, CONFLICT at ["id"]. */
  remove(viewer: Viewer, id: string): Promise<string>
  /** In the order of `ids`, for names beside what they made: null where the tenant has none such; removed users are among them. */
  byIds(reading: Reading, ids: readonly string[]): Promise<(User | null)[]>
  /** The user where the viewer may look it up by itself, else null: anybody of the tenant for an ADMIN, else oneself. */
  find(viewer: Viewer, reading: Reading, id: string): Promise<User | null>
  /** Those that `find` finds, by the time they came; removed ones are left out. Throws BadInput for a wrong page. */
  page(viewer: Viewer, reading: Reading, page: PageArguments): Promise<Page<User>>
}

/** The people of a tenant, as far as they are managed here and not by the embedding application. */
export function createUsers({ database }: { database: Database }): Users {
  return {
    async create(viewer, input) {
      requirePeopleAdmin(viewer)
      const facts = checked(input)
      return database.inTenant(viewer.tenantId, async (em) => {
        const user = em.create(User, {
          id: v7(),
          tenantId: viewer.tenantId,
          subject: null,
          name: facts.name ?? '',
          email: facts.email ?? null,
          role: input.role,
          removedAt: null,
          createdAt: new Date(),
        })
        await em.persist(user).flush()
        return user
      })
    },

    async update(viewer, id, changes) {
      requirePeopleAdmin(viewer)
      const facts = checked(changes)
      return database.inTenant(viewer.tenantId, async (em) => {
        const admins = await holdAdmins(em)
        const user = await held(em, id)
        if (changes.role && changes.role !== user.role) {
          keepAnAdmin(user, admins, ['role'])
          user.role = changes.role
        }
        if (facts.name) user.name = facts.name
        if (facts.email) user.email = facts.email
        await em.flush()
        return user
      })
    },

    async remove(viewer, id) {
      requirePeopleAdmin(viewer)
      return database.inTenant(viewer.tenantId, async (em) => {
        const admins = await holdAdmins(em)
        const user = await held(em, id)
        keepAnAdmin(user, admins, ['id'])
        user.removedAt = new Date()
        await em.flush()
        await em.nativeUpdate(ApiToken, { userId: user.id, revokedAt: null }, { revokedAt: user.removedAt })
        return user.id
      })
    },

    async byIds(reading, ids) {
      const known = [...new Set(ids.filter((id) => isUuid(id)))]
      const found = await reading.read((em) => em.find(User, { id: { $in: known } }, { disableIdentityMap: true }))
      const byId = new Map(found.map((user) => [user.id, user]))
      return ids.map((id) => byId.get(id.toLowerCase()) ?? null)
    },

    async find(viewer, reading, id) {
      if (!isUuid(id)) return null
      return reading.read((em) =>
        em.findOne(User, { $and: [{ id }, readableUsers(viewer)] }, { disableIdentityMap: true }),
      )
    },

    async page(viewer, reading, page) {
      const where = { ...readableUsers(viewer), removedAt: null }
      const rows = await reading.read((em) => readPage(em, User, where, { createdAt: 'asc', id: 'asc' }, page))
      return { ...rows, totalCount: () => reading.read((em) => em.count(User, where)) }
    },
  }
}

/** All faults at once, each with its path. */
function checked(input: UserChanges): { name: string | null; email: string | null } {
  const faults: UserError[] = []
  const facts = { name: nameOf(input.name), email: emailOf(input.email) }
  if (input.name != null && !facts.name)
    faults.push({ field: ['name'], code: 'INVALID', message: 'A name has 1 to 200 characters, on one line.' })
  if (input.email != null && !facts.email)
    faults.push({ field: ['email'], code: 'INVALID', message: 'This is no e-mail address.' })
  if (faults.length > 0) throw new Refusal(faults)
  return facts
}

/**
 * Locks the tenant's ADMINs, in one order, and answers their ids. Two that remove or demote each other at the same time
 * take turns here, so that one of them remains.
 */
async function holdAdmins(em: EntityManager): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select id from broadsheet.app_user where role = 'ADMIN' and removed_at is null order by id for update`,
  )
  return rows.map((row) => row.id)
}

/** The user, locked; row-level security leaves only the own tenant's to be found. */
async function held(em: EntityManager, id: string): Promise<User> {
  const user = isUuid(id)
    ? await em.findOne(User, { id, removedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE })
    : null
  if (!user) throw refuse('NOT_FOUND', ['id'], 'There is no such user.')
  return user
}

function keepAnAdmin(user: User, admins: readonly string[], field: string[]): void {
  if (isAdministrator(user))
    throw refuse('CONFLICT', field, 'The administrator of the settings stays: change BROADSHEET_ADMIN_TOKEN instead.')
  if (admins.length === 1 && admins[0] === user.id)
    throw refuse('CONFLICT', field, 'The last ADMIN of a tenant stays: make another one first.')
}

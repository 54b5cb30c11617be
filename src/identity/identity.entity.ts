import { defineEntity, p } from '@mikro-orm/core'
import type { OwnLimits } from '../limits.ts'
import type { Role, Scope } from './viewer.ts'

const TenantSchema = defineEntity({
  name: 'Tenant',
  tableName: 'tenant',
  schema: 'broadsheet',
  properties: { id: p.text().primary(), createdAt: p.datetime() },
})
/** A wall: nobody sees over it. */
export class Tenant extends TenantSchema.class {}
TenantSchema.setClass(Tenant)

const UserSchema = defineEntity({
  name: 'User',
  tableName: 'app_user',
  schema: 'broadsheet',
  properties: {
    id: p.uuid().primary(),
    tenantId: p.text(),
    /** The `sub` of the embedding application's JWT; null for people made by createUser. */
    subject: p.text().nullable(),
    name: p.text(),
    email: p.text().nullable(),
    role: p.text().$type<Role>(),
    /** A tombstone: the row stays because reports name it. */
    removedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
})
/** A person or a service of one tenant. */
export class User extends UserSchema.class {}
UserSchema.setClass(User)

const ApiTokenSchema = defineEntity({
  name: 'ApiToken',
  tableName: 'api_token',
  schema: 'broadsheet',
  properties: {
    id: p.uuid().primary(),
    tenantId: p.text(),
    userId: p.uuid(),
    name: p.text(),
    /** SHA-256 of the token; the token itself is shown once and kept nowhere. */
    hash: p.blob(),
    scopes: p.array().$type<Scope[]>(),
    /** Instead of the settings' own; null: none. */
    limits: p.json<OwnLimits>().nullable(),
    lastUsedAt: p.datetime().nullable(),
    expiresAt: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
})
/** A credential of a user, with scopes and an end. */
export class ApiToken extends ApiTokenSchema.class {}
ApiTokenSchema.setClass(ApiToken)

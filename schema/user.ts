import type { ApiToken, User } from '../src/identity/identity.entity.ts'
import { maySeeEmail } from '../src/identity/policy.ts'
import { ROLES, type Viewer } from '../src/identity/viewer.ts'
import { builder } from './builder.ts'
import { connectionOf } from './connection.ts'
import { pageCost } from './cost.ts'
import { idOf } from './global-id.ts'
import { meanings } from './meanings.ts'
import { OwnLimitsInput, OwnLimitsRef } from './token-limits.ts'
import { outcomeOf, UserErrorRef, type Outcome } from './user-error.ts'

export const RoleRef = builder.enumType('Role', {
  description:
    'ADMIN reads and manages all of one tenant, MEMBER asks and has its own, VIEWER reads what is visible to the TENANT.',
  values: meanings(ROLES, {
    ADMIN: 'Reads and manages all of one tenant.',
    MEMBER: 'Asks, and has its own.',
    VIEWER: 'Reads what is visible to the TENANT.',
  }),
})

export const UserRef = builder.loadableNodeRef<User, string, string, string, User>('User', {
  id: { resolve: (user) => user.id },
  load: (ids: string[], { reading, users }) => users.byIds(reading, ids) as Promise<User[]>,
})
UserRef.implement({
  description: 'A person or a service of one tenant.',
  isTypeOf: (value) => (value as object).constructor?.name === 'User',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What to call it.' }),
    email: t.string({
      nullable: true,
      description: 'For its owner and for an ADMIN; null for others.',
      resolve: (user, _, { viewer }) => (maySeeEmail(viewer, user) ? (user.email ?? null) : null),
    }),
    role: t.field({ type: RoleRef, resolve: (user) => user.role, description: 'What it may do.' }),
    removed: t.boolean({
      resolve: (user) => user.removedAt != null,
      description: 'A tombstone: kept because reports name it.',
    }),
    createdAt: t.field({
      type: 'DateTime',
      resolve: (user) => user.createdAt,
      description: 'When it was made, or first seen.',
    }),
  }),
})
const UserConnectionRef = connectionOf<User>('User', UserRef as never)

export const ApiTokenRef = builder.loadableNodeRef<ApiToken, string, string, string, ApiToken>('ApiToken', {
  id: { resolve: (token) => token.id },
  load: async (ids: string[], { tokens, viewer }) =>
    (await Promise.all(ids.map((id) => tokens.byId(viewer, id)))) as ApiToken[],
})
ApiTokenRef.implement({
  description: 'A credential of a user; the token itself was shown once.',
  isTypeOf: (value) => (value as object).constructor?.name === 'ApiToken',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What it is for.' }),
    scopes: t.exposeStringList('scopes', { description: 'What it may be used for.' }),
    limits: t.field({
      type: OwnLimitsRef,
      nullable: true,
      resolve: (token) => token.limits ?? null,
      description: "What it has instead of the settings' limits; null: nothing.",
    }),
    lastUsedAt: t.expose('lastUsedAt', { type: 'DateTime', nullable: true, description: 'To the minute.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Null: it does not end by itself.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
  }),
})

const ViewerRef = builder.objectRef<Viewer>('Viewer').implement({
  description: 'The authenticated caller.',
  fields: (t) => ({
    user: t.field({ type: UserRef, resolve: (viewer) => viewer.userId as never, description: 'Who it is.' }),
    tenant: t.exposeString('tenantId', { description: 'The wall around everything it sees.' }),
    scopes: t.stringList({
      resolve: (viewer) => [...viewer.scopes],
      description: 'What its credential may be used for.',
    }),
    tokenExpiresAt: t.expose('tokenExpiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its credential ends; null: it does not.',
    }),
    apiTokens: t.field({
      type: [ApiTokenRef],
      resolve: (viewer, _, { tokens }) => tokens.ofViewer(viewer) as never,
      description: 'Its live API tokens, newest first.',
    }),
  }),
})

const UserPayloadRef = builder.objectRef<Outcome<User>>('UserPayload').implement({
  description: 'The user, or why not.',
  fields: (t) => ({
    user: t.field({
      type: UserRef,
      nullable: true,
      resolve: (outcome) => outcome.object as never,
      description: 'Null where there are userErrors.',
    }),
    userErrors: t.field({
      type: [UserErrorRef],
      resolve: (outcome) => [...outcome.userErrors],
      description: 'What the caller can mend.',
    }),
  }),
})

export const DeletePayloadRef = builder.objectRef<Outcome<string>>('DeletePayload').implement({
  description: 'The id that is gone, or why not.',
  fields: (t) => ({
    deletedId: t.id({ nullable: true, resolve: (outcome) => outcome.object, description: 'As it was given.' }),
    userErrors: t.field({
      type: [UserErrorRef],
      resolve: (outcome) => [...outcome.userErrors],
      description: 'What the caller can mend.',
    }),
  }),
})

const ApiTokenPayloadRef = builder
  .objectRef<Outcome<{ token: ApiToken; secret: string }>>('ApiTokenPayload')
  .implement({
    description: 'The token, or why not.',
    fields: (t) => ({
      token: t.field({
        type: ApiTokenRef,
        nullable: true,
        resolve: (outcome) => (outcome.object?.token ?? null) as never,
        description: 'Null where there are userErrors.',
      }),
      secret: t.string({
        nullable: true,
        resolve: (outcome) => outcome.object?.secret ?? null,
        description: 'Shown once.',
      }),
      userErrors: t.field({
        type: [UserErrorRef],
        resolve: (outcome) => [...outcome.userErrors],
        description: 'What the caller can mend.',
      }),
    }),
  })

builder.queryFields((t) => ({
  viewer: t.field({ type: ViewerRef, resolve: (_, __, { viewer }) => viewer, description: 'Who is asking.' }),
  users: t.field({
    type: UserConnectionRef,
    complexity: pageCost,
    description: 'The people of the tenant, for an ADMIN; everybody else finds itself. 20 by default, 100 at most.',
    args: t.arg.connectionArgs(),
    resolve: (_, page, { reading, users, viewer }) => users.page(viewer, reading, page),
  }),
}))

builder.mutationFields((t) => ({
  createUser: t.field({
    type: UserPayloadRef,
    description: 'ADMIN: in the own tenant.',
    args: {
      name: t.arg.string({ required: true, description: 'What to call it.' }),
      email: t.arg.string({ description: 'Where e-mail to it may go.' }),
      role: t.arg({ type: RoleRef, required: true, description: 'What it may do.' }),
    },
    resolve: (_, input, { users, viewer }) => outcomeOf(() => users.create(viewer, input)),
  }),
  updateUser: t.field({
    type: UserPayloadRef,
    description: 'ADMIN: null or absent is unchanged.',
    args: {
      id: t.arg.id({ required: true, description: 'As the API gave it.' }),
      name: t.arg.string({ description: 'What to call it.' }),
      email: t.arg.string({ description: 'Where e-mail to it may go.' }),
      role: t.arg({ type: RoleRef, description: 'What it may do.' }),
    },
    resolve: (_, { id, ...changes }, { users, viewer }) =>
      outcomeOf(() => users.update(viewer, idOf('User', id), changes)),
  }),
  removeUser: t.field({
    type: DeletePayloadRef,
    description: 'ADMIN: leaves a tombstone, and ends its tokens.',
    args: { id: t.arg.id({ required: true, description: 'As the API gave it.' }) },
    resolve: (_, { id }, { users, viewer }) => outcomeOf(() => users.remove(viewer, idOf('User', id)).then(() => id)),
  }),
  createApiToken: t.field({
    type: ApiTokenPayloadRef,
    description: `For the viewer; an ADMIN also for another user of the tenant. Never more than the maker's own scopes and role.`,
    args: {
      name: t.arg.string({ required: true, description: 'What it is for.' }),
      scopes: t.arg.stringList({ required: true, description: 'What it may be used for.' }),
      expiresIn: t.arg({ type: 'Duration', description: 'Left out: it does not end by itself.' }),
      userId: t.arg.id({ description: 'Whose it is to be; left out: the own.' }),
      limits: t.arg({
        type: OwnLimitsInput,
        description: 'From an ADMIN; above its own only with the scope system:read.',
      }),
    },
    resolve: (_, { userId, ...input }, { tokens, viewer }) =>
      outcomeOf(() => tokens.create(viewer, { ...input, userId: userId == null ? null : idOf('User', userId) })),
  }),
  revokeApiToken: t.field({
    type: DeletePayloadRef,
    description: 'Ends a token, and within 5 s what is live under it.',
    args: { id: t.arg.id({ required: true, description: 'As the API gave it.' }) },
    resolve: (_, { id }, { tokens, viewer }) =>
      outcomeOf(() => tokens.revoke(viewer, idOf('ApiToken', id)).then(() => id)),
  }),
}))

import { Migrator } from '@mikro-orm/migrations'
import { MikroORM, type EntityManager } from '@mikro-orm/postgresql'
import { StartupError } from '../errors.ts'
import { ENTITIES } from './orm.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { API_ROLE, WORKER_ROLE } from './roles.ts'

/** One number for all processes of all machines: whoever holds it migrates, the others wait. */
const MIGRATION_LOCK = 4_716_002_911

/**
 * Brings the database up to date as its owner. Safe when several processes start at once: a lock of the session has
 * them take turns. Throws StartupError with the remedy when the user may not create the two roles.
 */
export async function migrate(url: string): Promise<{ applied: string[] }> {
  const orm = await MikroORM.init({
    clientUrl: url,
    entities: ENTITIES,
    ensureDatabase: false,
    // The lock belongs to a session: one connection holds it while a second one migrates.
    pool: { min: 0, max: 2 },
    extensions: [Migrator],
    driverOptions: { application_name: 'broadsheet_migrate', connectionTimeoutMillis: 10_000 },
    migrations: {
      migrationsList: MIGRATIONS,
      tableName: 'broadsheet.migration',
      silent: true,
      snapshot: false,
      transactional: true,
      allOrNothing: true,
    },
  })
  try {
    const holder = orm.em.fork() as EntityManager
    await holder.begin()
    try {
      await holder.execute(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`)
      await createRoles(orm.em.fork() as EntityManager)
      const applied = await orm.migrator.up()
      return { applied: applied.map((migration) => migration.name) }
    } finally {
      await holder.rollback()
    }
  } finally {
    await orm.close(true)
  }
}

/** The roles belong to the cluster, not to the database; a second installation on the same cluster finds them. */
async function createRoles(em: EntityManager): Promise<void> {
  // Two installations on one cluster must not create them at the same time either: an advisory lock is per database, so a
  // loser's "already exists" is fine. Creating and granting are two blocks, so that the loser still grants.
  try {
    for (const role of [API_ROLE, WORKER_ROLE]) {
      await em.execute(`do $$ begin
        if not exists (select from pg_roles where rolname = '${role}') then create role ${role} nologin; end if;
      exception when duplicate_object or unique_violation then null; end $$`)
      // Since 16 whoever creates a role is its member, but may not become it before a grant says so.
      await em.execute(`do $$ begin
        if not pg_has_role(current_user, '${role}', case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end)
          then grant ${role} to current_user; end if;
      exception when unique_violation then null; end $$`)
    }
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error
    throw new StartupError([
      `DATABASE_URL: its user may not create roles. As a superuser run once: CREATE ROLE ${API_ROLE} NOLOGIN; ` +
        `CREATE ROLE ${WORKER_ROLE} NOLOGIN; GRANT ${API_ROLE}, ${WORKER_ROLE} TO <that user>;`,
    ])
  }
}

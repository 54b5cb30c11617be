import type { Client } from 'pg'

/** Everything that the connected role may be, its own and by membership. */
const MEMBERSHIPS = `with roles as (select oid, rolname, rolsuper from pg_roles where pg_has_role(current_user, oid, 'MEMBER'))`

const CHECK = `${MEMBERSHIPS}
select quote_ident(current_user) as role,
  (select rolname from roles where rolsuper limit 1) as superuser,
  (select rolname from roles where rolname in ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program') limit 1) as files,
  (select pg_describe_object(d.classid, d.objid, 0) from pg_shdepend d join roles r on d.refobjid = r.oid
    where d.refclassid = 'pg_authid'::regclass and d.deptype = 'o' and d.dbid in (0, (select oid from pg_database where datname = current_database()))
    limit 1) as owned,
  (select n.nspname from pg_namespace n where n.nspname = 'broadsheet' and has_schema_privilege(n.oid, 'USAGE')
    and exists (select from pg_class c where c.relnamespace = n.oid and c.relname = 'report' and has_any_column_privilege(c.oid, 'SELECT'))) as own_tables`

/**
 * Null: the connected role may read for reports. Else the first reason why not, with the SQL that mends it. What a query of
 * an author could do is bounded by this role, so a mighty one is refused though each transaction is read-only.
 */
export async function checkRole(client: Client): Promise<string | null> {
  const { rows } = await client.query<{
    role: string
    superuser: string | null
    files: string | null
    owned: string | null
    own_tables: string | null
  }>(CHECK)
  const { role, superuser, files, owned, own_tables: ownTables } = rows[0]!
  const instead = `Use a role of its own: create role broadsheet_reader login password '...'; grant usage on schema ... to broadsheet_reader; grant select on all tables in schema ... to broadsheet_reader;`
  if (superuser !== null)
    return `its role ${role} is a superuser${`"${superuser}"` === role || superuser === role ? '' : ` through ${superuser}`}. ${instead}`
  if (files !== null) return `its role ${role} may reach files of the server: revoke ${files} from ${role};`
  if (owned !== null) return `its role ${role} owns something there (${owned}). ${instead}`
  if (ownTables !== null)
    return `its role ${role} can read Broadsheet's own tables: revoke all on schema broadsheet from ${role}; revoke all on all tables in schema broadsheet from ${role};`
  return null
}

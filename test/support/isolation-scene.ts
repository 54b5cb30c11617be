import { createGround, gidOf, startApi, uuidOf, type Person } from './api.ts'

/** Nobody listens there: it is only a place that a target may name. */
const WAREHOUSES = JSON.stringify({ main: { url: 'postgres://loader@127.0.0.1:9/db', tables: ['loads.*'] } })
const SALES = 'report: { sales: { startDate: "2026-01-01", endDate: "2026-01-31" } }'
export const TARGET = 'deliveries: [{ warehouse: { warehouse: "main", table: "loads.sales" } }]'

/** What somebody of the tenant "acme" has, and how else it is spoken of in an operation. */
export interface Thing {
  readonly handle: string
  /** The schedule it belongs to, where it belongs to one. */
  readonly schedule?: string
  /** Where its bytes go, for what has such a place. */
  readonly link?: string
}

/** A tenant with things, and those who must not get at them. */
export async function openIsolationScene() {
  const ground = await createGround()
  const api = await startApi(ground, { BROADSHEET_WAREHOUSES: WAREHOUSES })
  const owner = await ground.person('MEMBER', { tenant: 'acme' })
  const boss = await ground.person('ADMIN', { tenant: 'acme' })
  const attackers = {
    'an ADMIN of another tenant': await ground.person('ADMIN', { tenant: 'rival' }),
    'a MEMBER of another tenant': await ground.person('MEMBER', { tenant: 'rival' }),
    'another MEMBER': await ground.person('MEMBER', { tenant: 'acme' }),
    'a VIEWER': await ground.person('VIEWER', { tenant: 'acme' }),
  }

  async function ask(person: Person, operation: string, variables: Record<string, unknown> = {}): Promise<any> {
    const { body } = await api.post(operation, { token: person.token, variables })
    const [answer] = Object.values(body.data ?? {}) as any[]
    if (!answer || answer.userErrors?.length) throw new Error(`${operation}: ${JSON.stringify(body)}`)
    return answer
  }

  const make = {
    async Report(person = owner): Promise<Thing> {
      const handle = await api.ask(person.token)
      await api.carrier.finish(uuidOf(handle))
      return { handle }
    },
    /** One that has asked for a report and has a slot in its ledger. */
    async Schedule(person = owner): Promise<Thing> {
      const { schedule } = await ask(
        person,
        `mutation { createSchedule(input: { ${SALES} title: "Mine" cadence: { preset: MONTHLY } ${TARGET} }) { schedule { id } userErrors { message } } }`,
      )
      await ask(person, 'mutation ($id: ID!) { runScheduleNow(id: $id) { report { id } userErrors { message } } }', schedule) // prettier-ignore
      await ground.database.sql(
        `insert into broadsheet.schedule_slot (schedule_id, scheduled_for, tenant_id, outcome, late) values ($1, '2026-11-01', $2, 'REQUESTED', false)`,
        [uuidOf(schedule.id), person.tenant],
      )
      return { handle: schedule.id, schedule: schedule.id }
    },
    async DeliveryTarget(): Promise<Thing> {
      const { handle: id } = await make.Schedule()
      const { deliveries } = await ask(owner, 'query ($id: ID!) { schedule(id: $id) { deliveries { id } } }', { id })
      return { handle: deliveries[0].id, schedule: id }
    },
    async Delivery(): Promise<Thing> {
      const id = await api.ask(owner.token, TARGET)
      await api.carrier.finish(uuidOf(id))
      const { deliveries } = await ask(owner, 'query ($id: ID!) { report(id: $id) { deliveries { id } } }', { id })
      return { handle: deliveries[0].id }
    },
    async Upload(person = owner): Promise<Thing> {
      const { request } = await ask(
        person,
        'mutation { createUpload(fileName: "a.csv", contentType: "text/csv", byteSize: 4) { request { url upload { id } } userErrors { message } } }',
      )
      return { handle: request.upload.id, link: request.url }
    },
    async User(): Promise<Thing> {
      const operation = 'mutation { createUser(name: "Ada", role: MEMBER) { user { id } userErrors { message } } }'
      return { handle: (await ask(boss, operation)).user.id }
    },
    async ApiToken(): Promise<Thing> {
      const operation =
        'mutation { createApiToken(name: "x", scopes: ["reports:read"]) { token { id } userErrors { message } } }'
      return { handle: (await ask(owner, operation)).token.id }
    },
  }

  return {
    ground,
    api,
    owner,
    boss,
    attackers,
    make,
    ask,
    /** What of the tenant could be changed or made by somebody else, as one text; when a token was last used is not of it. */
    async snapshot(): Promise<string> {
      const tables = await tenantTables(ground.database.sql)
      const rows: string[] = []
      for (const table of tables) {
        const found = await ground.database.sql<{ row: string }>(
          `select (to_jsonb(t) - 'last_used_at')::text as row from broadsheet.${table} t where tenant_id = 'acme' order by 1`,
        )
        rows.push(...found.map(({ row }) => `${table} ${row}`))
      }
      return rows.join('\n')
    },
    async close() {
      await api.close()
      await ground.drop()
    },
  }
}
export type IsolationScene = Awaited<ReturnType<typeof openIsolationScene>>

/** Tables of the service whose rows belong to tenants. */
export async function tenantTables(sql: IsolationScene['ground']['database']['sql']): Promise<string[]> {
  const rows = await sql<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where c.relnamespace = 'broadsheet'::regnamespace and c.relkind = 'r' order by 1`,
  )
  return rows.map(({ name }) => name)
}

/** A handle of the same form that nobody was ever given: what is a uuid in it is another one. */
export function madeUp(handle: string): string {
  const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/
  const inside = Buffer.from(handle, 'base64url').toString()
  const [typename] = inside.split(':')
  if (/^[A-Z]\w+$/.test(typename ?? '')) return gidOf(typename as string, crypto.randomUUID())
  return Buffer.from(inside.replace(uuid, () => crypto.randomUUID())).toString('base64url')
}

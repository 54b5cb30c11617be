import { hashOf, makeToken } from '../../src/identity/token-text.ts'
import { defaultScopes } from '../../src/identity/policy.ts'
import type { Role } from '../../src/identity/viewer.ts'
import { openBrowser, type PageOptions } from './browser.ts'
import { createClients } from './clients.ts'
import { openScene } from './scene.ts'

/** Report types of the journeys: rows as slow as asked for, quick ones, one that fails. */
const REPORTS = {
  'paced.sql': `/*---
title: Paced lines
description: As many lines as asked for, each as slow as asked for.
source: main
tenancy: shared
parameters:
  most: { type: Int!, description: How many lines }
  nap: { type: Float, default: 0, description: Seconds for each line }
  kind: { type: String, values: [LOUD, QUIET], description: How they sound }
  day: { type: DateExpression, default: today, description: Of which day }
columns: { id: The line's number }
---*/
select id, 'line ' || id as name, :day::date as day, :kind::text as kind, repeat('x', 2000) as filler,
  case when :nap > 0 then pg_sleep(:nap)::text end as nap from generate_series(1, :most) id`,
  'small.sql': `/*---
title: Small list
description: Three rows.
source: main
tenancy: shared
---*/
select id, 'name, "quoted" ' || id as name from generate_series(1, 3) id`,
  'failing.sql': `/*---
title: Failing list
description: Divides by nothing.
source: main
tenancy: shared
---*/
select 1 / (random() * 0)::int as wrong`,
}

/** The service as its operator runs it, API and worker as processes, and a browser before it. */
export async function openPageScene(env: Record<string, string> = {}) {
  const scene = await openScene({ reports: REPORTS })
  const browser = await openBrowser()
  const api = await scene.api(env)
  const worker = await scene.worker(env)
  const clients = createClients(api.url)

  return {
    ...scene,
    api,
    worker,
    clients,
    startApi: scene.api,
    startWorker: scene.worker,
    open: (options: PageOptions = {}) => browser.open(api.url, { token: api.adminToken, ...options }),

    /** A token of somebody new in the tenant of the ADMIN token. */
    async tokenOf(role: Role, name: string): Promise<string> {
      const token = makeToken()
      const id = crypto.randomUUID()
      await scene.sql(`insert into broadsheet.tenant (id) values ('default') on conflict do nothing`)
      await scene.sql(`insert into broadsheet.app_user (id, tenant_id, name, role) values ($1, 'default', $2, $3)`, [
        id,
        name,
        role,
      ])
      await scene.sql(
        `insert into broadsheet.api_token (id, tenant_id, user_id, name, hash, scopes) values ($1, 'default', $2, 'test', $3, $4)`,
        [crypto.randomUUID(), id, hashOf(token), defaultScopes(role)],
      )
      return token
    },

    /** Asks over the API, as another client would; the report's id. */
    async ask(type: string, parameters: object = {}, more: object = {}): Promise<string> {
      const { body } = await clients.post(
        `mutation ($input: RequestReportInput!) { requestReport(input: $input) { report { id } userErrors { field message } } }`,
        { token: api.adminToken, variables: { input: { report: { byName: { type, parameters } }, ...more } } },
      )
      const id = body.data?.requestReport?.report?.id
      if (typeof id !== 'string') throw new Error(`not accepted: ${JSON.stringify(body)}`)
      return id
    },

    /** Where a report stands, as the API tells. */
    async report(id: string) {
      const { body } = await clients.post(
        `query ($id: ID!) { report(id: $id) { status document { downloadUrl sha256 rowCount } } }`,
        { token: api.adminToken, variables: { id } },
      )
      return body.data.report as {
        status: string
        document: { downloadUrl: string; sha256: string; rowCount: number } | null
      }
    },

    async close() {
      await clients.close()
      await browser.close()
      await scene.close()
    },
  }
}
export type PageScene = Awaited<ReturnType<typeof openPageScene>>

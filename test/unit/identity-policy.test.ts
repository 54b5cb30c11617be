import { v7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WORKER_ROLE } from '../../src/db/roles.ts'
import { Forbidden } from '../../src/errors.ts'
import {
  defaultScopes,
  mayManage,
  manageableSchedules,
  mayManageSchedule,
  mayRead,
  mayRequest,
  maySeeEmail,
  maySeeType,
  readableReports,
  readableReportsSql,
  requireScope,
  scopesWithin,
} from '../../src/identity/policy.ts'
import { ROLES, SCOPES, type Role, type Viewer } from '../../src/identity/viewer.ts'
import { Report } from '../../src/report/report.entity.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'

function viewer(role: Role, more: Partial<Viewer> = {}): Viewer {
  return {
    userId: 'me',
    tenantId: 'mine',
    role,
    scopes: defaultScopes(role),
    tokenExpiresAt: null,
    apiTokenId: null,
    ...more,
  }
}

describe('scopes', () => {
  it('are capped by the role, whatever the credential lists', () => {
    expect(() => requireScope(viewer('ADMIN'), 'users:write')).not.toThrow()
    expect(() => requireScope(viewer('MEMBER', { scopes: SCOPES }), 'users:write')).toThrow(Forbidden)
    expect(() => requireScope(viewer('VIEWER', { scopes: SCOPES }), 'reports:write')).toThrow(Forbidden)
    expect(() => requireScope(viewer('ADMIN', { scopes: ['reports:read'] }), 'reports:write')).toThrow(/reports:write/)
    expect(scopesWithin('MEMBER', ['users:write', 'reports:write', 'nonsense', 'reports:write'])).toEqual([
      'reports:write',
    ])
  })
  it('do not hold system:read unless it is named', () => {
    for (const role of ROLES) expect(defaultScopes(role)).not.toContain('system:read')
    expect(scopesWithin('ADMIN', SCOPES)).toContain('system:read')
    expect(defaultScopes('VIEWER')).toEqual(['reports:read', 'schedules:read'])
  })
})

describe('report types', () => {
  it('are askable by the roles they name, never by a VIEWER; an ADMIN sees all', () => {
    const all = { roles: ROLES }
    expect(ROLES.map((role) => mayRequest(viewer(role), all))).toEqual([true, true, false])
    expect(ROLES.map((role) => mayRequest(viewer(role), { roles: ['MEMBER'] }))).toEqual([false, true, false])
    expect(ROLES.map((role) => maySeeType(viewer(role), { roles: ['MEMBER'] }))).toEqual([true, true, false])
    expect(ROLES.map((role) => maySeeType(viewer(role), { roles: ['ADMIN'] }))).toEqual([true, false, false])
  })
})

describe('managing', () => {
  it('is for the owner and the ADMIN of the same tenant', () => {
    const own = { tenantId: 'mine', requestedBy: 'me' }
    const others = { tenantId: 'mine', requestedBy: 'you' }
    const foreign = { tenantId: 'theirs', requestedBy: 'me' }
    expect(ROLES.map((role) => mayManage(viewer(role), own))).toEqual([true, true, false])
    expect(ROLES.map((role) => mayManage(viewer(role), others))).toEqual([true, false, false])
    expect(ROLES.map((role) => mayManage(viewer(role), foreign))).toEqual([false, false, false])
  })
  it('of a schedule is the same, and so is reading it: as a question and as a condition of a query', () => {
    const schedules = ['mine', 'theirs'].flatMap((tenantId) =>
      ['me', 'you'].map((createdBy) => ({ tenantId, createdBy })),
    )
    for (const role of ROLES) {
      const { tenantId, createdBy } = manageableSchedules(viewer(role))
      const listed = schedules.filter(
        (one) =>
          one.tenantId === tenantId &&
          (createdBy === undefined ||
            (typeof createdBy === 'string' ? createdBy === one.createdBy : createdBy.$in.includes(one.createdBy))),
      )
      expect(schedules.filter((one) => mayManageSchedule(viewer(role), one))).toEqual(listed)
    }
    expect(ROLES.map((role) => mayManageSchedule(viewer(role), { tenantId: 'mine', createdBy: 'me' }))).toEqual([
      true,
      true,
      false,
    ])
  })
  it('shows an e-mail address to its owner and to the ADMIN', () => {
    expect(ROLES.map((role) => maySeeEmail(viewer(role), { id: 'me', tenantId: 'mine' }))).toEqual([true, true, true])
    expect(ROLES.map((role) => maySeeEmail(viewer(role), { id: 'you', tenantId: 'mine' }))).toEqual([
      true,
      false,
      false,
    ])
    expect(ROLES.map((role) => maySeeEmail(viewer(role), { id: 'you', tenantId: 'theirs' }))).toEqual([
      false,
      false,
      false,
    ])
  })
})

describe('reading', () => {
  let db: TestDatabase
  const tenants = ['mine', 'theirs']
  const users = tenants.flatMap((tenantId) => ['one', 'two'].map((name) => ({ id: v7(), tenantId, name })))
  const reports = users.flatMap((user) =>
    (['PRIVATE', 'TENANT'] as const).map((visibility) => ({
      id: v7(),
      tenantId: user.tenantId,
      requestedBy: user.id,
      visibility,
    })),
  )

  beforeAll(async () => {
    db = await createDatabase()
    for (const tenant of tenants) await db.sql(`insert into broadsheet.tenant (id) values ($1)`, [tenant])
    await db.sql(
      `insert into broadsheet.report_definition (version, name, kind, text) values ('v', 'sales', 'sql', 'select 1')`,
    )
    for (const user of users)
      await db.sql(`insert into broadsheet.app_user (id, tenant_id, name, role) values ($1, $2, $3, 'MEMBER')`, [
        user.id,
        user.tenantId,
        user.name,
      ])
    for (const { id, tenantId, requestedBy, visibility } of reports) {
      await db.sql(
        `insert into broadsheet.report (id, tenant_id, requested_by, type_name, type_version, title, priority, format, compression,
           csv_dialect, visibility, parameters, time_zone)
         values ($1, $2, $3, 'sales', 'v', 'Sales', 'NORMAL', 'CSV', 'NONE', 'POSTGRES', $4, '{}', 'UTC')`,
        [id, tenantId, requestedBy, visibility],
      )
    }
  })
  afterAll(() => db.drop())

  it('follows the rule', () => {
    const [me, you, them] = [users[0]!.id, users[1]!.id, users[2]!.id]
    const report = (tenantId: string, requestedBy: string, visibility: 'PRIVATE' | 'TENANT') => ({
      id: 'r1',
      tenantId,
      requestedBy,
      visibility,
    })
    const rule = (facts: Parameters<typeof mayRead>[1]) =>
      ROLES.map((role) => mayRead(viewer(role, { userId: me }), facts))
    expect(rule(report('mine', me, 'PRIVATE'))).toEqual([true, true, false])
    expect(rule(report('mine', you, 'PRIVATE'))).toEqual([true, false, false])
    expect(rule(report('mine', you, 'TENANT'))).toEqual([true, true, true])
    expect(rule(report('theirs', them, 'TENANT'))).toEqual([false, false, false])
    expect(rule(report('theirs', me, 'PRIVATE'))).toEqual([false, false, false])
    // A watch token takes nothing but its one report, and gives no more than its maker's rights.
    const watching = (watches: string, facts: Parameters<typeof mayRead>[1]) =>
      ROLES.map((role) => mayRead(viewer(role, { userId: me, watches }), facts))
    expect(watching('r1', report('mine', me, 'PRIVATE'))).toEqual([true, true, false])
    expect(watching('r2', report('mine', me, 'TENANT'))).toEqual([false, false, false])
    expect(watching('r1', report('theirs', me, 'TENANT'))).toEqual([false, false, false])
  })

  // Under the worker's role, which sees all tenants: the condition has to hold by itself, without row-level security.
  it('is the same for one report and for a list, as a condition and as SQL, over all combinations', async () => {
    const database = await db.open(WORKER_ROLE)
    for (const role of ROLES) {
      const watches = [undefined, ...reports.map(({ id }) => id)]
      for (const [user, watched] of users.flatMap((one) => watches.map((id) => [one, id] as const))) {
        const who = viewer(role, { userId: user.id, tenantId: user.tenantId, ...(watched && { watches: watched }) })
        const single = reports.filter((report) => mayRead(who, report)).map((report) => report.id)
        const listed = await database.transaction((em) => em.find(Report, readableReports(who)))
        const { sql, values } = readableReportsSql(who, 'r')
        const bySql = await database.transaction((em) =>
          em.execute<{ id: string }[]>(`select id from broadsheet.report r where ${sql}`, values),
        )
        expect(listed.map((report) => report.id).toSorted(), role).toEqual(single.toSorted())
        expect(bySql.map((report) => report.id).toSorted(), role).toEqual(single.toSorted())
        if (watched) expect(single.filter((id) => id !== watched)).toEqual([])
        else expect(single.length, role).toBe({ ADMIN: 4, MEMBER: 3, VIEWER: 2 }[role])
      }
    }
  })
})

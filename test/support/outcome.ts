import { Readable } from 'node:stream'
import type { Asked, Handover, Outcome, OutcomeDocument } from '../../src/channels/channel.ts'

const REPORT = '01a200a7-0000-7000-8000-000000000001'
export const DELIVERY = '01a200a7-0000-7000-8000-00000000d001'

/** A document of three rows; `bytes` are what it opens as. */
export function documentOf(
  bytes: Buffer | string = 'a,b\n1,2\n',
  more: Partial<OutcomeDocument> = {},
): OutcomeDocument {
  const whole = Buffer.from(bytes)
  return {
    fileName: 'sales-2026-11.csv',
    contentType: 'text/csv; charset=utf-8',
    rowCount: 12_345,
    byteSize: whole.length,
    sha256: 'ab'.repeat(32),
    columns: [{ name: 'a', type: 'Int' }],
    format: 'CSV',
    compression: 'NONE',
    csvDialect: 'POSTGRES',
    expiresAt: new Date('2026-11-28T09:00:00Z'),
    open: () => Promise.resolve(Readable.from([whole.subarray(0, 3), whole.subarray(3)])),
    link: () => `https://reports.example.com/documents/${REPORT}/1?expires=1795856400&issuer=a&key=b&signature=c-d_e`,
    ...more,
  }
}

export function outcomeOf(more: Partial<Outcome> = {}): Outcome {
  return {
    reportId: REPORT,
    tenantId: 'default',
    reportType: 'sales',
    title: 'Sales by order line · 2026-11-01 to 2026-11-20',
    status: 'SUCCEEDED',
    scheduleId: null,
    scheduledFor: null,
    requestedAt: new Date('2026-11-21T08:59:00Z'),
    finishedAt: new Date('2026-11-21T09:00:00Z'),
    timeZone: 'Europe/Vilnius',
    failure: null,
    document: documentOf(),
    ...more,
  }
}

export const FAILED: Partial<Outcome> = {
  status: 'FAILED',
  document: null,
  failure: { code: 'SOURCE_QUERY_FAILED', message: 'The source refused the query: division by zero (22012).' },
}

export function handoverOf(outcome: Partial<Outcome> = {}, more: Partial<Handover> = {}): Handover {
  return {
    deliveryId: DELIVERY,
    outcome: outcomeOf(outcome),
    secret: null,
    signal: new AbortController().signal,
    ...more,
  }
}

export function askedOf(more: Partial<Asked> = {}): Asked {
  return {
    viewer: {
      userId: '01a200a7-0000-7000-8000-00000000a001',
      tenantId: 'default',
      role: 'MEMBER',
      scopes: ['reports:read', 'reports:write'],
      tokenExpiresAt: null,
      apiTokenId: null,
    },
    email: 'ann@example.com',
    format: 'CSV',
    compression: 'NONE',
    csvDialect: 'POSTGRES',
    ...more,
  }
}

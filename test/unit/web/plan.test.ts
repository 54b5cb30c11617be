import { describe, expect, it } from 'vitest'
import { cadenceDraft, cadenceInput, FIRST_CADENCE } from '../../../web/schedule/cadence-draft.ts'
import { changesOf, inputOf, newPlan, planOfReport, planOfSchedule } from '../../../web/schedule/plan.ts'
import { inOurWords } from '../../../web/schedule/words.ts'

const none = { cron: null, every: null, at: null, timeZone: 'Europe/Vilnius' }
const type = {
  name: 'sales',
  formats: ['CSV', 'XLSX'],
  parameters: [
    {
      name: 'startDate',
      type: 'DateExpression!',
      required: true,
      upload: false,
      default: null,
      description: null,
      values: null,
    },
  ],
} as never
const schedule = {
  ...none,
  id: 'S1',
  title: 'Weekly sales',
  type: { name: 'sales', title: 'Sales', available: true, unavailableReason: null },
  parameters: { startDate: 'last_week_start' },
  cron: '0 6 * * 1',
  paused: true,
  overlapPolicy: 'QUEUE_ONE',
  catchUpWindow: 'P1D',
  priority: 'HIGH',
  format: 'XLSX',
  compression: 'NONE',
  csvDialect: 'POSTGRES',
  visibility: 'TENANT',
  tags: ['weekly'],
  deliveries: [{ id: 'D1', channel: 'EMAIL', target: 'a@example.com' }],
} as never

describe('a cadence in a form', () => {
  it.each([
    [{ cron: '0 0 * * *' }, 'preset', { preset: 'DAILY' }],
    [{ cron: '0 9 * * 1-5' }, 'days', { cron: '0 9 * * MON-FRI' }],
    [{ cron: '0 9 L * *' }, 'cron', { cron: '0 9 L * *' }],
    [{ every: 'PT1H30M' }, 'every', { every: 'PT90M' }],
    [{ at: '2027-01-31T07:00:00.000Z' }, 'once', { at: '2027-01-31T07:00:00.000Z' }],
  ])('%j is shown as %s and sent as %j', (given, way, input) => {
    const draft = cadenceDraft({ ...none, ...given })
    expect(draft.way).toBe(way)
    expect(cadenceInput(draft, 'Europe/Vilnius')).toEqual(input)
  })

  it('says what is missing', () => {
    expect(cadenceInput({ ...FIRST_CADENCE, days: [] }, 'UTC')).toMatch(/day/)
    expect(cadenceInput({ ...FIRST_CADENCE, way: 'every', size: 'x' }, 'UTC')).toMatch(/number/)
    expect(cadenceInput({ ...FIRST_CADENCE, way: 'once' }, 'UTC')).toMatch(/time/)
    expect(cadenceInput({ ...FIRST_CADENCE, way: 'cron', cron: ' ' }, 'UTC')).toMatch(/five/)
  })
})

describe('what is sent', () => {
  const plan = { ...planOfSchedule(schedule), drafts: { startDate: 'last_week_start' } }
  const before = inputOf(plan, type)
  const changes = (next: typeof plan) => {
    const after = inputOf(next, type)
    if (typeof before === 'string' || typeof after === 'string') throw new Error('not whole')
    return changesOf(before, after)
  }

  it('of a schedule that nobody touched: nothing', () => {
    expect(changes(plan)).toEqual({})
  })

  it('only what is another than it was', () => {
    expect(changes({ ...plan, title: 'Sales of the week ' })).toEqual({ title: 'Sales of the week' })
    expect(changes({ ...plan, drafts: { startDate: 'today' } })).toEqual({
      report: { byName: { type: 'sales', parameters: { startDate: 'today' } } },
    })
    expect(changes({ ...plan, cadence: { ...plan.cadence, time: '07:00' } })).toEqual({
      cadence: { cron: '0 7 * * MON' },
    })
  })

  it('deliveries that stay are named by their id beside new ones', () => {
    const webhook = { key: 'x', channel: 'webhook', url: 'https://example.com', secret: 'whsec_x' } as const
    expect(changes({ ...plan, deliveries: [...plan.deliveries, webhook] })).toEqual({
      deliveries: [{ keep: 'D1' }, { webhook: { url: 'https://example.com', secret: 'whsec_x' } }],
    })
    expect(changes({ ...plan, deliveries: [] })).toEqual({ deliveries: [] })
  })

  it('a new one is whole', () => {
    const input = inputOf(
      { ...newPlan('sales', 'Europe/Vilnius'), title: 'Mine', drafts: { startDate: 'today' } },
      type,
    )
    expect(input).toMatchObject({
      title: 'Mine',
      report: { byName: { type: 'sales', parameters: { startDate: 'today' } } },
      cadence: { cron: '0 9 * * MON-FRI' },
      timeZone: 'Europe/Vilnius',
      overlapPolicy: 'SKIP',
      catchUpWindow: 'PT1H',
      paused: false,
    })
  })
})

describe('a schedule of a report', () => {
  const report = {
    id: 'R1',
    title: 'Sales · 2026-11-09 to 2026-11-15 · EU',
    type: { name: 'sales', title: 'Sales' },
    parameters: {},
    timeZone: 'UTC',
    priority: 'LOW',
    format: 'XLSX',
    compression: 'NONE',
    csvDialect: 'POSTGRES',
    visibility: 'TENANT',
    tags: ['eu'],
  } as const

  it('asks for the same, without the dates in its title, on the clock of who makes it', () => {
    expect(planOfReport({ ...report, tags: ['eu'] }, 'Europe/Vilnius')).toMatchObject({
      title: 'Sales · EU',
      type: 'sales',
      timeZone: 'Europe/Vilnius',
      output: { format: 'XLSX', priority: 'LOW', visibility: 'TENANT', tags: ['eu'] },
      deliveries: [],
    })
  })

  it('a zone that was chosen stays', () => {
    expect(planOfReport({ ...report, tags: [], timeZone: 'Asia/Tokyo' }, 'Europe/Vilnius').timeZone).toBe('Asia/Tokyo')
  })
})

it('what the service says is told in the words of the page', () => {
  expect(inOurWords('"PT5S" is too short: an interval is at least PT10S.')).toBe(
    '5 seconds is too short: an interval is at least 10 seconds.',
  )
  expect(inOurWords('last_slot needs SKIP or QUEUE_ONE: under ALLOW reports run at once.')).toBe(
    'last_slot needs “Skip it” or “Wait”: under “Run both” reports run at once.',
  )
  expect(inOurWords(undefined)).toBeUndefined()
})

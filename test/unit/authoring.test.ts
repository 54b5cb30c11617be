import { describe, expect, test } from 'vitest'
import { Refusal } from '../../src/errors.ts'
import { createLog } from '../../src/log.ts'
import { createAvailability } from '../../src/report-type/availability.ts'
import { defineReport, fanOut, ReportError } from '../../src/report-type/define.ts'
import { checkParameters } from '../../src/report-type/parameters.ts'
import { typeOfDefinition } from '../../src/report-type/rows-report.ts'
import { Temporal } from 'temporal-polyfill'
import { countersOf, createTally } from '../../worker/counting.ts'
import { failureOf } from '../../worker/failure.ts'
import { createMeter } from '../../worker/meter.ts'
import { createPhases } from '../../worker/phases.ts'

const log = createLog({ level: 'silent', process: 'test' })
/** A gate that a test opens when it wants. */
const gates = (count: number) => Array.from({ length: count }, () => Promise.withResolvers<void>())

describe('fanOut', () => {
  test('keeps the order of the items, whatever ends first', async () => {
    const gate = gates(3)
    const given: number[] = []
    const reading = (async () => {
      for await (const n of fanOut([0, 1, 2], async (n) => gate[n]!.promise.then(() => n), { concurrency: 3 }))
        given.push(n)
    })()
    gate[2]!.resolve()
    gate[1]!.resolve()
    await new Promise(setImmediate)
    expect(given).toEqual([])
    gate[0]!.resolve()
    await reading
    expect(given).toEqual([0, 1, 2])
  })

  test('has no more under way or untaken than it may', async () => {
    let underWay = 0
    let most = 0
    function* many() {
      for (let n = 0; n < 50; n++) yield n
    }
    const results: number[] = []
    for await (const n of fanOut(
      many(),
      async (n) => {
        most = Math.max(most, (underWay += 1))
        await new Promise(setImmediate)
        return n
      },
      { concurrency: 4 },
    )) {
      underWay -= 1
      results.push(n)
    }
    expect(most).toBe(4)
    expect(results).toEqual(Array.from({ length: 50 }, (_, n) => n))
  })

  test('fails with the first failure, also of a later item, and calls the others off', async () => {
    const called: unknown[] = []
    const work = async (n: number, signal: AbortSignal) => {
      if (n === 2) throw new Error('two is bad')
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          called.push(n)
          reject(signal.reason as Error)
        }),
      )
    }
    await expect(Array.fromAsync(fanOut([0, 1, 2], work))).rejects.toThrow('two is bad')
    expect(called).toEqual([0, 1])
  })

  test('a reader that leaves takes the rest along, and the source is closed', async () => {
    let closed = false
    const aborted: number[] = []
    async function* source() {
      try {
        for (let n = 0; ; n++) yield n
      } finally {
        closed = true
      }
    }
    for await (const n of fanOut(source(), async (n, signal) => {
      signal.addEventListener('abort', () => aborted.push(n))
      return n
    })) {
      if (n === 1) break
    }
    expect(closed).toBe(true)
    expect(aborted).toContain(2)
  })

  test('a signal from outside ends it', async () => {
    const stop = new AbortController()
    const reading = Array.fromAsync(
      fanOut([1], (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))), {
        signal: stop.signal,
      }),
    ) // prettier-ignore
    stop.abort(new Error('cancelled'))
    await expect(reading).rejects.toThrow('cancelled')
    await expect(Array.fromAsync(fanOut([1], async () => 1, { concurrency: 0 }))).rejects.toThrow(RangeError)
  })
})

describe('phases', () => {
  test('have their share of the whole each, and never fall back', () => {
    let rows = 0
    const tally = createTally()
    const phases = createPhases({ fetching: 80, sorting: 10, writing: 10 }, () => rows)
    tally.rows = () => rows
    tally.phases = phases.standing
    const meter = createMeter({ id: 'r', tenantId: 't', attempt: 1, epoch: 1 })
    const read = () => meter.read(countersOf(tally), 0, 0)
    expect(read()).toMatchObject({ percent: null, message: null })
    phases.begin('fetching')
    expect(read()).toMatchObject({ percent: 0, message: 'fetching', rowsTotal: null })
    expect(phases.progress(2, 5)).toBe(true)
    expect(read()).toMatchObject({ percent: 32 })
    phases.progress(3, null)
    expect(read()).toMatchObject({ percent: 32 })
    phases.begin('sorting')
    expect(read()).toMatchObject({ percent: 80, message: 'sorting' })
    phases.begin('writing', 200)
    rows = 100
    expect(read()).toMatchObject({ percent: 95, rowsWritten: 100, rowsTotal: null })
    rows = 500
    expect(read().percent).toBe(99)
    expect(() => phases.begin('resting')).toThrow(/"resting" is none of the definition's phases/)
  })

  test('before the first of them, progress counts for the whole', () => {
    expect(createPhases({ a: 1 }, () => 0).progress(1, 2)).toBe(false)
  })
})

describe('the definition', () => {
  const definition = defineReport({
    title: 'T',
    parameters: { last_minutes: { type: 'Int' }, from: { type: 'DateExpression' } },
    check: ({ last_minutes, from }) =>
      last_minutes !== null && from !== null ? { from: 'is for a report without lastMinutes.' } : undefined,
    sources: ['shop', 'events'],
    phases: { reading: 1 },
    columns: { n: 'Int' },
    async *rows({ sources, phase }) {
      phase('reading')
      // Typed by their names: a database has queries, events have periods.
      for await (const batch of sources.events.between(new Date(0), new Date(1))) yield [batch.length]
      for await (const { n } of sources.shop.query('select 1 as n')) yield [n as number]
    },
  })
  const context = { path: ['input'], now: Temporal.Instant.from('2026-11-21T09:00:00Z'), timeZone: 'UTC' }

  test('its check is a user error at the parameter it names', () => {
    const type = typeOfDefinition('t', definition)
    expect(checkParameters(type, { lastMinutes: 5 }, context).resolved).toEqual({ last_minutes: 5, from: null })
    const refused = () => checkParameters(type, { lastMinutes: 5, from: 'today' }, context)
    expect(refused).toThrow(Refusal)
    try {
      refused()
    } catch (error) {
      expect((error as Refusal).userErrors).toEqual([
        { field: ['input', 'from'], code: 'INVALID', message: 'from is for a report without lastMinutes.' },
      ])
    }
  })

  test.each([
    [{ check: 5 }, /check must be a function/],
    [{ sources: 'shop' }, /sources must be a list/],
    [{ sources: ['a', 'a'] }, /sources must be a list/],
    [{ phases: { a: 0 } }, /phases must be names with shares above 0/],
    [{ phases: {} }, /phases must be names/],
  ])('%j is a fault of the file', (wrong, fault) => {
    expect(() => typeOfDefinition('t', { ...definition, ...wrong })).toThrow(fault)
  })

  test('a type whose sources are not there can not be asked for, and says why', async () => {
    const type = typeOfDefinition('t', { ...definition, sources: ['events'] })
    const named = { lacks: 'EVENTS_SOURCE is not set.' as string | null }
    const availability = createAvailability(new Map(), { fault: () => named.lacks }, log)
    const [missing] = (await availability.check([type])).types
    expect(missing!.unavailableReason).toBe('EVENTS_SOURCE is not set.')
    named.lacks = null
    expect((await availability.check([missing!])).types[0]!.unavailableReason).toBeNull()
    const [noShop] = (await availability.check([typeOfDefinition('t', definition)])).types
    expect(noShop!.unavailableReason).toMatch(/Source "shop" is not configured/)
  })

  test('its errors say what they are, and whether to try again', () => {
    expect(failureOf(new ReportError('No.'), log)).toEqual({ code: 'SOURCE_QUERY_FAILED', message: 'No.', retryable: false }) // prettier-ignore
    expect(failureOf(new ReportError('Slow.', { code: 'SOURCE_RATE_LIMITED' }), log)).toMatchObject({ code: 'SOURCE_RATE_LIMITED', retryable: true }) // prettier-ignore
    expect(failureOf(new ReportError('Away.', { code: 'SOURCE_UNAVAILABLE', retryable: false }), log)).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retryable: false }) // prettier-ignore
    const stranger = Object.assign(new Error('x'), { name: 'ReportError', code: 'WORKER_LOST', retryable: 'yes' })
    expect(failureOf(stranger, log)).toMatchObject({ code: 'SOURCE_QUERY_FAILED', retryable: false })
  })
})

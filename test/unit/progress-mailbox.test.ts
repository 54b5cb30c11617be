import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import type { ProgressEvent, ReportChange } from '../../src/progress/event.ts'
import { createProgressMailbox } from '../../src/progress/mailbox.ts'
import { createNewsMailbox, MOST_PENDING } from '../../src/progress/news.ts'
import { createTopics } from '../../src/progress/topics.ts'
import { createThrottle } from '../../src/progress/throttle.ts'

function event(sequence: number, more: Partial<ProgressEvent> = {}): ProgressEvent {
  return {
    reportId: 'r',
    tenantId: 't',
    sequence,
    status: 'RUNNING',
    stage: 'WRITING',
    attempt: 1,
    percent: null,
    rowsWritten: sequence,
    rowsTotal: null,
    bytesWritten: 0,
    message: null,
    etaSeconds: null,
    at: 0,
    ...more,
  }
}

type Box = { take(): Promise<ProgressEvent | undefined> }
/** The hand that an emptied box was left with: a box has one reader, which waits where it is. */
const waiting = new WeakMap<Box, Promise<ProgressEvent | undefined>>()

/** What is in the box now, as sequences. */
async function drain(box: Box): Promise<number[]> {
  const sequences: number[] = []
  for (;;) {
    const next = waiting.get(box) ?? box.take()
    waiting.set(box, next)
    const taken = await Promise.race([next, new Promise<undefined>((resolve) => setImmediate(resolve, undefined))])
    if (!taken) return sequences
    waiting.delete(box)
    sequences.push(taken.sequence)
  }
}

describe('the mailbox of one report', () => {
  test('keeps the row and the latest event', async () => {
    const box = createProgressMailbox()
    box.begin(event(5))
    for (let sequence = 6; sequence < 1_000; sequence += 1) box.offer(event(sequence))
    expect(await drain(box)).toEqual([5, 999])
  })

  test('gives what came before the row only where it is newer', async () => {
    const older = createProgressMailbox()
    older.offer(event(4))
    older.begin(event(5))
    expect(await drain(older)).toEqual([5])
    const newer = createProgressMailbox()
    newer.offer(event(6))
    newer.begin(event(5))
    expect(await drain(newer)).toEqual([5, 6])
  })

  test('gives nothing before the row, also to a reader that waits', async () => {
    const box = createProgressMailbox()
    const first = box.take()
    box.offer(event(9))
    box.begin(event(8))
    expect((await first)?.sequence).toBe(8)
    expect((await box.take())?.sequence).toBe(9)
  })

  test('gives each sequence once and never an older one', async () => {
    const box = createProgressMailbox()
    box.begin(event(5))
    expect(await drain(box)).toEqual([5])
    box.offer(event(5))
    box.offer(event(4))
    expect(await drain(box)).toEqual([])
  })

  test('keeps the terminal event for a reader that is not there, and is over behind it', async () => {
    const box = createProgressMailbox()
    box.begin(event(1))
    box.offer(event(2))
    box.offer(event(3, { status: 'FAILED' }))
    box.offer(event(4, { status: 'QUEUED' }))
    expect(box.closed).toBe(true)
    expect(await drain(box)).toEqual([1, 3])
    expect(await box.take()).toBeUndefined()
  })

  test('a terminal event of an attempt that was retried since is no news', async () => {
    const box = createProgressMailbox()
    box.offer(event(10, { status: 'FAILED' }))
    box.begin(event(20, { status: 'QUEUED' }))
    box.offer(event(10, { status: 'FAILED' }))
    expect(box.closed).toBe(false)
    expect(await drain(box)).toEqual([20])
  })

  test('leaves out what is not above "after", but never a terminal event', async () => {
    const box = createProgressMailbox(10)
    box.begin(event(8))
    box.offer(event(9))
    box.offer(event(10))
    expect(await drain(box)).toEqual([])
    box.offer(event(11))
    expect(await drain(box)).toEqual([11])
    const ended = createProgressMailbox(100)
    ended.begin(event(8, { status: 'SUCCEEDED' }))
    expect(await drain(ended)).toEqual([8])
    expect(await ended.take()).toBeUndefined()
    const ending = createProgressMailbox(100)
    ending.begin(event(8))
    ending.offer(event(50))
    ending.offer(event(60, { status: 'CANCELED' }))
    expect(await drain(ending)).toEqual([60])
  })

  test('what is told of one attempt never falls: an older row’s CANCELING has the greatest that was seen', async () => {
    const box = createProgressMailbox()
    box.begin(event(1, { percent: 10, rowsWritten: 10, bytesWritten: 100 }))
    expect((await box.take())?.percent).toBe(10)
    // Passed over by a slow reader, and still the measure.
    box.offer(event(2, { percent: 46.7, rowsWritten: 40, bytesWritten: 400 }))
    const canceling = event(3, { status: 'CANCELING', percent: 36.7, rowsWritten: 50, bytesWritten: 300 })
    box.offer(canceling)
    expect(await box.take()).toEqual({ ...canceling, percent: 46.7, rowsWritten: 50, bytesWritten: 400 })
    expect(canceling.percent).toBe(36.7)
    box.offer(event(4, { status: 'CANCELED', percent: null, rowsWritten: 0 }))
    expect(await box.take()).toMatchObject({ status: 'CANCELED', percent: 46.7, rowsWritten: 50, bytesWritten: 400 })
  })

  test('what says enough is given on as it is, so that its readers share it; another attempt begins anew', async () => {
    const box = createProgressMailbox()
    box.begin(event(1, { percent: 50, rowsWritten: 50 }))
    await box.take()
    const more = event(2, { percent: 60, rowsWritten: 60 })
    box.offer(more)
    expect(await box.take()).toBe(more)
    box.offer(event(3, { status: 'QUEUED', percent: null, rowsWritten: 20 }))
    expect(await box.take()).toMatchObject({ percent: null, rowsWritten: 60 })
    const anew = event(4, { attempt: 2, rowsWritten: 0 })
    box.offer(anew)
    expect(await box.take()).toBe(anew)
  })

  test('closed at once gives nothing more, and frees a reader that waits', async () => {
    const box = createProgressMailbox()
    box.begin(event(1))
    await box.take()
    const next = box.take()
    box.close('at once')
    expect(await next).toBeUndefined()
  })
})

describe('the mailbox of a tenant', () => {
  const change = (kind: ReportChange['kind'], sequence: number, reportId = 'r'): ReportChange => ({
    kind,
    event: event(sequence, { reportId }),
  })

  test('says READY first, and merges what waits about one report', async () => {
    const box = createNewsMailbox()
    box.offer(change('CREATED', 1, 'before'))
    box.ready()
    box.offer(change('CREATED', 1))
    box.offer(change('CHANGED', 2))
    box.offer(change('PROGRESSED', 3))
    box.offer(change('PROGRESSED', 1, 'other'))
    box.offer(change('DELETED', 2, 'other'))
    expect(await box.take()).toEqual({ kind: 'READY' })
    expect(await box.take()).toEqual(change('CREATED', 3))
    expect(await box.take()).toEqual(change('DELETED', 2, 'other'))
    box.offer(change('CHANGED', 9))
    box.offer(change('PROGRESSED', 8))
    expect(await box.take()).toEqual(change('CHANGED', 9))
  })

  test('says RESYNC in place of more reports than it keeps', async () => {
    const box = createNewsMailbox()
    box.ready()
    await box.take()
    for (let each = 0; each < MOST_PENDING; each += 1) box.offer(change('CHANGED', 1, `r${each}`))
    box.offer(change('CHANGED', 2, 'r0'))
    expect(await box.take()).toMatchObject({ kind: 'CHANGED', event: { reportId: 'r0', sequence: 2 } })
    box.offer(change('CHANGED', 1, 'one'))
    box.offer(change('CHANGED', 1, 'too many'))
    box.offer(change('CHANGED', 1, 'later'))
    expect(await box.take()).toEqual({ kind: 'RESYNC' })
    expect(await box.take()).toEqual(change('CHANGED', 1, 'later'))
  })

  test('a subscription that is acknowledged again says RESYNC', async () => {
    const box = createNewsMailbox()
    box.live()
    box.ready()
    expect(await box.take()).toEqual({ kind: 'READY' })
    const next = box.take()
    box.live()
    expect(await next).toEqual({ kind: 'RESYNC' })
  })
})

describe('the throttle', () => {
  test('lets one through for each key and interval, and remembers no more than it must', () => {
    const throttle = createThrottle(500)
    expect(throttle.pass('a', 0)).toBe(true)
    expect(throttle.pass('a', 499)).toBe(false)
    expect(throttle.pass('b', 499)).toBe(true)
    expect(throttle.pass('a', 500)).toBe(true)
    throttle.forget('a')
    expect(throttle.pass('a', 501)).toBe(true)
    for (let each = 0; each < 30_000; each += 1) throttle.pass(`key ${each}`, 502)
    expect(throttle.size).toBeLessThanOrEqual(10_001)
    throttle.pass('last', 2_000)
    expect(throttle.size).toBe(1)
  })
})

describe('the topics', () => {
  test('what throws for one reader does not reach another', () => {
    const topics = createTopics<string>({
      log: pino({ level: 'silent' }),
      onFirst: () => undefined,
      onLast: () => undefined,
    })
    for (const reader of ['a', 'b', 'c']) topics.join('channel', reader)
    const heard: string[] = []
    topics.each('channel', (reader) => {
      if (reader === 'a') throw new Error('a reader of ill will')
      if (reader === 'b') topics.leave('channel', 'b')
      heard.push(reader)
    })
    expect(heard).toEqual(['b', 'c'])
  })
})

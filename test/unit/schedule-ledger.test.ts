import { describe, expect, test } from 'vitest'
import {
  decodeScheduleChange,
  encodeScheduleChange,
  schedulesChannel,
  type ScheduleChange,
  type ScheduleChangeKind,
} from '../../src/progress/schedule-change.ts'
import { createScheduleLedger } from '../../src/progress/schedule-ledger.ts'

const change = (kind: ScheduleChangeKind, scheduleId: string, at: number): ScheduleChange => ({
  kind,
  scheduleId,
  tenantId: 't',
  createdBy: 'u',
  at,
})
const rows = (count: number, ...recent: ScheduleChange[]) => ({ count, recent, at: 1_000 })

describe('what was told, held against the rows', () => {
  test('what was told is not missed, and what was not is missed once', () => {
    const ledger = createScheduleLedger(rows(1, change('CREATED', 'a', 10)))
    const changed = change('CHANGED', 'a', 20)
    const slot = change('SLOT', 'a', 15)
    ledger.told(changed)
    expect(ledger.missed(rows(1, changed, slot))).toEqual([slot])
    expect(ledger.missed(rows(1, changed, slot))).toEqual([])
    const later = change('CHANGED', 'a', 21)
    expect(ledger.missed(rows(1, later, change('SLOT', 'a', 14)))).toEqual([later])
  })

  test('what was there at first is nobody’s news', () => {
    const first = [change('CREATED', 'a', 10), change('SLOT', 'b', 11)]
    expect(createScheduleLedger(rows(2, ...first)).missed(rows(2, ...first))).toEqual([])
  })

  test('one that was made counts, whether it was heard of or read; once', () => {
    const ledger = createScheduleLedger(rows(0))
    const [heard, read] = [change('CREATED', 'a', 10), change('CREATED', 'b', 11)]
    ledger.told(heard)
    expect(ledger.missed(rows(2, heard, read))).toEqual([read])
    ledger.told(read)
    expect(ledger.missed(rows(2, heard, read))).toEqual([])
    expect(ledger.missed(rows(2, heard, read))).toEqual([])
  })

  test('a deletion that nobody told shows in the number, and only the second time', () => {
    const ledger = createScheduleLedger(rows(3))
    ledger.told(change('DELETED', 'a', 10))
    expect(ledger.missed(rows(2))).toEqual([])
    expect(ledger.missed(rows(1))).toEqual([])
    expect(ledger.missed(rows(1))).toBeNull()
    expect(ledger.missed(rows(1))).toEqual([])
  })

  test('rows that are older than what was told make no doubt that lasts', () => {
    const ledger = createScheduleLedger(rows(3))
    ledger.told(change('DELETED', 'a', 10))
    expect(ledger.missed(rows(3))).toEqual([])
    expect(ledger.missed(rows(2))).toEqual([])
    expect(ledger.missed(rows(2))).toEqual([])
  })
})

describe('a message', () => {
  test('says what was put into it', () => {
    for (const kind of ['CREATED', 'CHANGED', 'DELETED', 'SLOT'] as const)
      expect(decodeScheduleChange(encodeScheduleChange(change(kind, 'a', 5)))).toEqual(change(kind, 'a', 5))
    expect(schedulesChannel('t')).not.toBe(schedulesChannel('t2'))
  })

  test('of another version is none', () => {
    for (const text of ['', '{', '{}', '[]', '[9,"a","t","u",5]', '[0,"a","t","u"]', '[0,1,"t","u",5]', '[0,"a","t","u","5"]'])
      expect(decodeScheduleChange(text), text).toBeNull()
  }) // prettier-ignore
})

import { describe, expect, test, vi } from 'vitest'
import { createIntent, persistently } from '../../../web/api/intent.ts'
import { Failure } from '../../../web/api/failure.ts'
import { beginning, type Before } from '../../../web/ask/before.ts'
import { contentTypeOf } from '../../../web/ask/content-type.ts'
import { byUse, fits, whyNot, type Listed } from '../../../web/ask/listed.ts'
import { firstOutput, outputOf } from '../../../web/ask/output.ts'
import type { AskedType } from '../../../web/ask/values.ts'
import { deliveriesOf, keptDelivery, newDelivery, newSecret } from '../../../web/delivery/drafts.ts'

const TYPE: AskedType = {
  name: 'sales',
  title: 'Sales',
  description: null,
  available: true,
  unavailableReason: null,
  viewerCanRequest: true,
  deprecated: null,
  formats: ['CSV', 'XLSX'],
  retention: 'P7D',
  maxRows: null,
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
}
const BEFORE: Before = {
  id: 'x',
  title: 'Sales 2026-11-16',
  type: { name: 'sales' },
  parameters: { startDate: 'last_week_start' },
  timeZone: 'Asia/Tokyo',
  format: 'XLSX',
  compression: 'NONE',
  csvDialect: 'EXCEL',
  priority: 'HIGH',
  visibility: 'TENANT',
  tags: ['weekly'],
  deliveries: [],
}

describe('what the form begins with', () => {
  test('nothing was asked before: the defaults, in the zone of the reader', () => {
    expect(beginning(TYPE, null, 'Europe/Vilnius')).toEqual({
      values: { startDate: '' },
      output: firstOutput(),
      timeZone: 'Europe/Vilnius',
    })
  })
  test('again: all as it was asked, not as it was resolved', () => {
    const { values, output, timeZone } = beginning(TYPE, BEFORE, 'Europe/Vilnius')
    expect(values).toEqual({ startDate: 'last_week_start' })
    expect(timeZone).toBe('Asia/Tokyo')
    expect(output).toEqual({
      format: 'XLSX',
      csvDialect: 'EXCEL',
      compression: 'NONE',
      priority: 'HIGH',
      visibility: 'TENANT',
      tags: ['weekly'],
    })
  })
  test('a format that the type does not have any more is the first one', () => {
    expect(beginning(TYPE, { ...BEFORE, format: 'PARQUET' }, 'UTC').output.format).toBe('CSV')
  })
})

test('what is packed is not compressed again, and the choice comes back with the format', () => {
  const output = firstOutput({ format: 'XLSX', compression: 'GZIP' })
  expect(outputOf(output).compression).toBe('NONE')
  expect(outputOf({ ...output, format: 'CSV' }).compression).toBe('GZIP')
})

describe('deliveries', () => {
  test('each is what its channel takes', () => {
    const email = { ...newDelivery('email', 'ann@example.com'), subject: ' ' } as ReturnType<typeof newDelivery>
    const webhook = { ...newDelivery('webhook'), url: ' https://example.com/hook ', secret: 'whsec_x' } as typeof email
    const bucket = { ...newDelivery('bucket'), bucket: 'lake' } as typeof email
    const warehouse = { ...newDelivery('warehouse'), warehouse: 'dw', table: 'loads.sales' } as typeof email
    expect(deliveriesOf([email, webhook, bucket, warehouse, keptDelivery('T1', 'E-mail to ann')])).toEqual([
      { email: { to: ['ann@example.com'], attach: false } },
      { webhook: { url: 'https://example.com/hook', secret: 'whsec_x' } },
      { bucket: { bucket: 'lake', key: '{type}/{date}/{reportId}' } },
      { warehouse: { warehouse: 'dw', table: 'loads.sales', mode: 'APPEND' } },
      { keep: 'T1' },
    ])
  })
  test('two of them are never taken for one', () => {
    expect(newDelivery('email').key).not.toBe(newDelivery('email').key)
  })
  test('a secret is 32 bytes that are others each time', () => {
    const secret = newSecret()
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(newSecret()).not.toBe(secret)
  })
})

describe('an intent', () => {
  test('has one key until it is another, or over', () => {
    const intent = createIntent()
    const key = intent.keyOf({ a: 1 })
    expect(intent.keyOf({ a: 1 })).toBe(key)
    const other = intent.keyOf({ a: 2 })
    expect(other).not.toBe(key)
    intent.over()
    expect(intent.keyOf({ a: 2 })).not.toBe(other)
  })
  test('is sent again while its answer is lost, and no oftener than it may be', async () => {
    const lost = new Failure('OFFLINE', 'lost')
    const send = vi.fn<() => Promise<string>>().mockRejectedValueOnce(lost).mockResolvedValueOnce('made')
    expect(await persistently(send, () => false, [0, 0])).toBe('made')
    const never = vi.fn<() => Promise<string>>().mockRejectedValue(lost)
    await expect(persistently(never, () => false, [0, 0])).rejects.toBe(lost)
    expect(never).toHaveBeenCalledTimes(3)
  })
  test('is not sent again after a refusal, or when nobody waits', async () => {
    const refused = vi.fn<() => Promise<string>>().mockRejectedValue(new Failure('FORBIDDEN', 'no'))
    await expect(persistently(refused, () => false, [0])).rejects.toThrow('no')
    const lost = vi.fn<() => Promise<string>>().mockRejectedValue(new Failure('OFFLINE', 'lost'))
    await expect(persistently(lost, () => true, [0])).rejects.toThrow('lost')
    expect(refused).toHaveBeenCalledTimes(1)
    expect(lost).toHaveBeenCalledTimes(1)
  })
})

describe('the list of types', () => {
  const listed = (title: string, part: Partial<Listed> = {}): Listed => ({
    name: title.toLowerCase(),
    title,
    description: 'Every order line in a period.',
    available: true,
    unavailableReason: null,
    viewerCanRequest: true,
    deprecated: null,
    ...part,
  })
  test('every word of the search is in it somewhere', () => {
    expect(fits(listed('Sales'), 'LINE sal')).toBe(true)
    expect(fits(listed('Sales'), 'sales inventory')).toBe(false)
    expect(fits(listed('Sales'), '  ')).toBe(true)
  })
  test('what can’t be asked for says why, and comes last', () => {
    const gone = listed('Analytics', { available: false, unavailableReason: 'the table is gone' })
    expect(whyNot(gone)).toBe('Not available now: the table is gone')
    expect(whyNot(listed('Users', { viewerCanRequest: false }))).toBe('Your role may not ask for it.')
    expect([gone, listed('Sales'), listed('Orders')].toSorted(byUse).map(({ title }) => title)).toEqual([
      'Orders',
      'Sales',
      'Analytics',
    ])
  })
})

test('a file is what its name says, whatever the machine takes it for', () => {
  expect(contentTypeOf({ name: 'A.CSV', type: 'application/vnd.ms-excel' })).toBe('text/csv')
  expect(contentTypeOf({ name: 'scan.pdf', type: '' })).toBe('application/pdf')
  expect(contentTypeOf({ name: 'photo', type: 'image/png' })).toBe('image/png')
  expect(contentTypeOf({ name: 'thing', type: '' })).toBe('application/octet-stream')
})

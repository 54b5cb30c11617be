import { describe, expect, test } from 'vitest'
import type { Asked } from '../../src/channels/channel.ts'
import { createWarehouse } from '../../src/channels/warehouse.ts'
import type { WarehouseInput } from '../../src/channels/warehouse-check.ts'
import type { WarehouseReach } from '../../src/config-reach.ts'
import { Refusal } from '../../src/errors.ts'
import { askedOf } from '../support/outcome.ts'
import { log } from '../support/warehouse-scene.ts'

const reach = (more: Partial<WarehouseReach> = {}): WarehouseReach => ({
  url: 'postgres://loader:secret@warehouse.internal/db',
  tables: ['loads.*', 'finance.totals'],
  modes: ['APPEND'],
  roles: ['ADMIN', 'MEMBER'],
  ...more,
})
const channel = createWarehouse({
  warehouses: { main: reach(), both: reach({ modes: ['APPEND', 'REPLACE'] }), admins: reach({ roles: ['ADMIN'] }) },
  log,
})
const asked = (role: 'ADMIN' | 'MEMBER' | 'VIEWER' = 'MEMBER', more: Partial<Asked> = {}): Asked => {
  const plain = askedOf(more)
  return { ...plain, viewer: { ...plain.viewer, role } }
}
const input = (more: Partial<WarehouseInput> = {}): WarehouseInput => ({
  warehouse: 'main',
  table: 'loads.sales',
  mode: 'APPEND',
  ...more,
})
/** Paths and messages of what is wrong. */
async function faults(given: WarehouseInput, by = asked()) {
  try {
    await channel.check(given, by)
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal)
    const { userErrors } = error as Refusal
    for (const { code } of userErrors) expect(code).toBe('INVALID')
    return userErrors.map(({ field, message }) => [field, message])
  }
  return []
}

describe('what may be loaded', () => {
  test('what the operator lists, as it is kept and as it is shown', async () => {
    const { target, secret } = await channel.check(input(), asked())
    expect(target).toEqual({ warehouse: 'main', schema: 'loads', table: 'sales', mode: 'APPEND' })
    expect(secret).toBeUndefined()
    expect(channel.describe(target)).toBe('main: loads.sales (APPEND)')
    expect(await faults(input({ table: 'finance.totals' }))).toEqual([])
    expect(await faults(input({ warehouse: 'both', mode: 'REPLACE' }))).toEqual([])
    expect(await faults(input({ warehouse: 'admins' }), asked('ADMIN'))).toEqual([])
    for (const compression of ['GZIP', 'ZSTD'] as const)
      expect(await faults(input(), asked('MEMBER', { compression }))).toEqual([])
    expect((await channel.check({ ...input(), mode: null }, asked())).target.mode).toBe('APPEND')
  })

  test('a warehouse of another role is as unknown as none', async () => {
    const hidden = await faults(input({ warehouse: 'admins' }))
    expect(hidden).toEqual([[['warehouse'], 'There is no such warehouse that you may load. Use main or both.']])
    expect(await faults(input({ warehouse: 'nowhere' }))).toEqual(hidden)
    expect(await faults(input({ warehouse: 'constructor' }))).toEqual(hidden)
    expect(await faults(input(), asked('VIEWER'))).toEqual([
      [['warehouse'], 'There is no warehouse that you may load: the operator names them.'],
    ])
  })

  test.each([
    'finance.sales',
    'public.sales',
    'loads2.sales',
    'loads.broadsheet_delivery',
    'finance.broadsheet_delivery',
  ])('%s is not on the list', async (table) => {
    expect(await faults(input({ table }))).toEqual([
      [['table'], 'This warehouse does not take that table. Use one of loads.*, finance.totals.'],
    ])
  })

  test.each([
    'sales',
    'loads.Sales',
    'loads."sales"',
    'loads.sales.x',
    'loads.',
    '.sales',
    'loads.sales; drop',
    'loads.*',
    `loads.${'a'.repeat(64)}`,
  ])('%s is no table', async (table) => {
    expect(await faults(input({ table }))).toEqual([[['table'], expect.stringContaining('schema.table')]])
  })

  test('the mode that the operator has not given, and all faults at once', async () => {
    expect(await faults(input({ mode: 'REPLACE' }))).toEqual([
      [['mode'], 'This warehouse does not take REPLACE. Use APPEND.'],
    ])
    const all = await faults(input({ mode: 'REPLACE', table: 'public.x' }), asked('MEMBER', { format: 'JSON' }))
    expect(all.map(([field]) => field)).toEqual([[], ['table'], ['mode']])
  })

  test.each([
    { format: 'NDJSON' },
    { format: 'JSON' },
    { format: 'XLSX' },
    { format: 'PARQUET' },
    { csvDialect: 'EXCEL' },
    { csvDialect: 'RFC4180' },
  ] as const)('a document of %o does not tell null from empty text', async (more) => {
    expect(await faults(input(), asked('MEMBER', more))).toEqual([
      [[], expect.stringContaining('CSV in dialect POSTGRES')],
    ])
  })
})

/** Report types for faults: as many rows as asked for, each as slow as asked for, and wide, so that it leaves Postgres at once. */
export const PACED = `/*---
title: Paced
source: main
tenancy: shared
parameters: { most: { type: Int! }, nap: { type: Float! } }
---*/
select id, repeat('x', 9000) as filler, case when :nap > 0 then pg_sleep(:nap)::text end as nap from generate_series(1, :most) id`

/** One row. */
export const SMALL = `/*---
title: Small
source: main
tenancy: shared
---*/
select 1 as one`

/** Kills the worker that it runs under. */
export const POISON = `import { defineReport } from 'broadsheet/define'
export default defineReport({ title: 'Poison', parameters: {}, columns: { one: 'Int' }, async *rows() {
  process.kill(process.ppid, 'SIGKILL')
  await new Promise(() => undefined)
} })`

type Wanted = Partial<Record<'format' | 'priority' | 'idempotencyKey', string>>

/** Inputs of requestReport. */
export const paced = (most: number, nap: number, wanted: Wanted = {}) =>
  ({ report: { byName: { type: 'paced', parameters: { most, nap } } }, ...wanted }) as never
export const small = (wanted: Wanted = {}) =>
  ({ report: { byName: { type: 'small', parameters: {} } }, ...wanted }) as never
export const poison = () => ({ report: { byName: { type: 'poison', parameters: {} } } }) as never

/** The row's id of an id that the API gives. */
export const rowId = (id: string) => Buffer.from(id, 'base64url').toString().split(':')[1]!

import type { WarehouseReach } from '../config-reach.ts'
import { Refusal, type UserError } from '../errors.ts'
import type { Asked, DocumentForm } from './channel.ts'
import { LEDGER } from './warehouse-ledger.ts'

/** As WarehouseDeliveryInput in the API. */
export interface WarehouseInput {
  readonly warehouse: string
  /** "schema.table" */
  readonly table: string
  readonly mode?: WarehouseMode | null
}
export type WarehouseMode = WarehouseReach['modes'][number]

export interface WarehouseTarget {
  readonly warehouse: string
  readonly schema: string
  readonly table: string
  readonly mode: WarehouseMode
}

export type Warehouses = Readonly<Record<string, WarehouseReach>>

/** Longest name that Postgres keeps, in bytes. */
const NAME_BYTES = 63

/** Throws Refusal with all that is wrong. A warehouse that is another role's to load is as unknown as one that is not there. */
export function checkTarget(warehouses: Warehouses, input: WarehouseInput, asked: Asked): WarehouseTarget {
  const faults: UserError[] = []
  const fault = (field: string[], message: string) => void faults.push({ field, message, code: 'INVALID' })
  const form = faultOfForm(asked)
  if (form !== null) fault([], form)
  const open = Object.keys(warehouses).filter((name) => warehouses[name]!.roles.includes(asked.viewer.role))
  const mode = input.mode ?? 'APPEND'
  const [schema = '', table = ''] = input.table.split('.')
  if (!open.includes(input.warehouse))
    fault(
      ['warehouse'],
      open.length === 0
        ? 'There is no warehouse that you may load: the operator names them.'
        : `There is no such warehouse that you may load. Use ${open.join(' or ')}.`,
    )
  else {
    const { tables, modes } = warehouses[input.warehouse]!
    if (!isTable(input.table)) fault(['table'], 'Write it as schema.table, in small letters, digits and underscores.')
    else if (!takes(warehouses[input.warehouse]!, { schema, table, mode: modes[0]! }))
      fault(['table'], `This warehouse does not take that table. Use one of ${tables.join(', ')}.`)
    if (!modes.includes(mode)) fault(['mode'], `This warehouse does not take ${mode}. Use ${modes.join(' or ')}.`)
  }
  if (faults.length > 0) throw new Refusal(faults)
  return { warehouse: input.warehouse, schema, table, mode }
}

export function faultOfForm({ format, csvDialect }: Pick<DocumentForm, 'format' | 'csvDialect'>): string | null {
  if (format === 'CSV' && csvDialect === 'POSTGRES') return null
  return 'A warehouse takes CSV in dialect POSTGRES alone, which tells null from empty text: ask for that.'
}

/** Whether the operator lets this be loaded: asked again at each try, because the settings may have changed. */
export function takes(reach: WarehouseReach, target: Pick<WarehouseTarget, 'schema' | 'table' | 'mode'>): boolean {
  const { schema, table, mode } = target
  // The ledger lies among the tables of "loads.*", and is nobody's to write but ours.
  if (table === LEDGER) return false
  return reach.modes.includes(mode) && reach.tables.some((one) => one === `${schema}.${table}` || one === `${schema}.*`)
}

function isTable(text: string): boolean {
  return /^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/.test(text) && text.split('.').every((name) => name.length <= NAME_BYTES)
}

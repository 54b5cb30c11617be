import type { Log } from '../log.ts'
import { openConnection } from '../sources/connection.ts'
import { DeliveryFailed, type Channel, type Handover } from './channel.ts'
import { loadRedshift, isRedshift, withoutRedshift } from './redshift.ts'
import {
  checkTarget,
  faultOfForm,
  takes,
  type WarehouseInput,
  type Warehouses,
  type WarehouseTarget,
} from './warehouse-check.ts'
import { warehouseFailure } from './warehouse-failures.ts'
import { loadPostgres, sessionName } from './warehouse-load.ts'

/** Loads a document's rows into a table of a warehouse that the operator has named: Postgres, or Amazon Redshift. */
export function createWarehouse(deps: {
  readonly warehouses: Warehouses
  readonly log: Log
}): Channel<WarehouseInput, WarehouseTarget> {
  const { warehouses, log } = deps
  const closing = new AbortController()

  async function deliver(target: WarehouseTarget, handover: Handover): Promise<void> {
    const { document } = handover.outcome
    const reach = Object.hasOwn(warehouses, target.warehouse) ? warehouses[target.warehouse]! : null
    if (!reach || !takes(reach, target))
      throw new DeliveryFailed('The operator does not allow this load any more.', { retryable: false })
    if (!document) throw new DeliveryFailed('There is no document to load.', { retryable: false })
    const form = faultOfForm(document)
    if (form !== null) throw new DeliveryFailed(form, { retryable: false })
    const redshift = isRedshift(reach.url)
    const url = redshift ? withoutRedshift(reach.url) : reach.url
    const signal = AbortSignal.any([handover.signal, closing.signal])
    try {
      const connection = await openConnection(url, log, signal, sessionName(handover.deliveryId))
      try {
        const load = { client: connection.client, target, handover: { ...handover, signal }, document }
        await (redshift ? loadRedshift(load, reach.url) : loadPostgres(load))
      } finally {
        // Also what failed ends here: without its commit, a transaction goes with its connection.
        await connection.end()
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw warehouseFailure(error)
    }
  }

  return {
    name: 'WAREHOUSE',
    takesFailures: false,
    check: (input, asked) => ({ target: checkTarget(warehouses, input, asked) }),
    faultOfForm,
    describe: ({ warehouse, schema, table, mode }) => `${warehouse}: ${schema}.${table} (${mode})`,
    destination: ({ warehouse }) => warehouse,
    allows: ({ warehouse }, role) =>
      Object.hasOwn(warehouses, warehouse) && warehouses[warehouse]!.roles.includes(role),
    deliver,
    close: async () => closing.abort(new DeliveryFailed('The service is going down.', { retryable: true })),
  }
}

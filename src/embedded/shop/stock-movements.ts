import type { Calendar } from './calendar.ts'
import type { Row } from './copy.ts'
import type { Order, OrderLine } from './orders.ts'
import type { Product } from './products.ts'
import { createRandom } from './random.ts'
import { STOCKTAKE_NOTES, WAREHOUSES } from './vocabulary.ts'

/** What left and came back in each week, for every product and warehouse; filled while the lines go by. */
export interface Flow {
  /** Counts one order line. A canceled order moves nothing. */
  add(order: Order, line: OrderLine): void
  sold(product: number, warehouse: number, week: number): number
  returned(product: number, warehouse: number, week: number): number
  readonly weeks: number
}

/** Opens an empty flow: two tables of counters, about 1 MB each for 800 products. */
export function createFlow(calendar: Calendar, products: number): Flow {
  const weeks = Math.ceil(calendar.days / 7)
  const places = WAREHOUSES.length
  const out = new Int32Array((products + 1) * places * weeks)
  const back = new Int32Array(out.length)
  const cell = (product: number, warehouse: number, week: number): number =>
    (product * places + warehouse) * weeks + week
  const add = (counts: Int32Array, index: number, quantity: number): void => {
    counts[index] = (counts[index] ?? 0) + quantity
  }
  return {
    weeks,
    add(order, line) {
      if (order.status === 'CANCELED') return
      add(out, cell(line.productId, order.region, Math.floor(order.day / 7)), line.quantity)
      if (line.returnedDay === null) return
      add(back, cell(line.productId, order.region, Math.floor(line.returnedDay / 7)), line.returnedQuantity)
    },
    sold: (product, warehouse, week) => out[cell(product, warehouse, week)] ?? 0,
    returned: (product, warehouse, week) => back[cell(product, warehouse, week)] ?? 0,
  }
}

/**
 * The rows of shop.stock_movements: an opening stock, then for each week what was bought in, left, came back, or was found
 * missing. Stock never falls below nothing. In the last weeks some deliveries are late, so that there is something to reorder.
 */
export function* stockMovementRows(
  seed: string,
  calendar: Calendar,
  products: readonly Product[],
  flow: Flow,
): Generator<Row> {
  const random = createRandom(`${seed} stock`)
  let id = 0
  for (const product of products) {
    const late = random.chance(0.15) ? 6 : 0
    for (const [index, warehouse] of WAREHOUSES.entries()) {
      const row = (kind: string, quantity: number, day: number, note: string | null = null): Row => {
        id += 1
        return [id, product.id, warehouse, kind, quantity, calendar.date(Math.min(day, calendar.days - 1)), note]
      }
      let onHand = 30 + random.int(0, 40)
      // At the start of a week: its sales are booked on its sixth day, and the launch may have been on the seventh.
      const opening = Math.max(Math.floor(product.day / 7), 0)
      yield row('OPENING', onHand, opening * 7 - 1)
      for (let week = opening; week < flow.weeks; week++) {
        const sold = flow.sold(product.id, index, week)
        const returned = flow.returned(product.id, index, week)
        const wanted = product.discontinued || week >= flow.weeks - late ? sold : sold + 25
        if (onHand < wanted) {
          const bought = Math.ceil((wanted - onHand + (wanted > sold ? 60 : 0)) / 10) * 10
          onHand += bought
          yield row('PURCHASE', bought, week * 7)
        }
        if (sold > 0) yield row('SALE', -sold, week * 7 + 5)
        if (returned > 0) yield row('RETURN', returned, week * 7 + 6)
        onHand += returned - sold
        if (onHand < 3 || !random.chance(0.006)) continue
        const missing = random.int(1, 3)
        onHand -= missing
        yield row('ADJUSTMENT', -missing, week * 7 + 6, random.pick(STOCKTAKE_NOTES))
      }
    }
  }
}

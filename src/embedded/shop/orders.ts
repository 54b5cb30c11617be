import { ordersPerDay } from './calendar.ts'
import type { Calendar } from './calendar.ts'
import { money } from './copy.ts'
import type { Cell, Row } from './copy.ts'
import type { Customer } from './people.ts'
import { establishedShare } from './products.ts'
import type { Product } from './products.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'
import {
  BUSY_HOURS,
  CHANNELS,
  CHANNEL_SHARES,
  EXCHANGE_RATES,
  ORDER_NOTES,
  REGION_SHARES,
  REGIONS,
} from './vocabulary.ts'

export interface OrderLine {
  productId: number
  quantity: number
  unitCents: number
  discountPercent: number
  cents: number
  returnedQuantity: number
  /** The day the goods came back, null when none did. */
  returnedDay: number | null
}
export interface Order {
  day: number
  /** Index in REGIONS. */
  region: number
  status: string
  /** The cells of shop.orders after the id and number. */
  cells: readonly Cell[]
  lines: readonly OrderLine[]
}
export interface Stock {
  customers: readonly Customer[]
  products: readonly Product[]
}

/**
 * Every order in the order it was placed. Called twice, it gives the same orders twice: orders and their lines go into two
 * tables one after the other, and drawing them again costs less than holding them.
 */
export function* orders(seed: string, calendar: Calendar, stock: Stock, count: number): Generator<Order> {
  const random = createRandom(`${seed} orders`)
  const perDay = ordersPerDay(calendar, createRandom(`${seed} calendar`), count)
  const customers = REGIONS.map((region) => stock.customers.filter((customer) => customer.region === region))
  const reached = REGIONS.map(() => 0)
  for (const [day, today] of perDay.entries()) {
    for (const [region, list] of customers.entries()) {
      let known = reached[region] ?? 0
      while (known < list.length && (list[known]?.day ?? 0) < day) known += 1
      reached[region] = known
    }
    const moments = Array.from({ length: today }, () => moment(random)).sort((a, b) => a.second - b.second)
    for (const { region, second } of moments) {
      const customer = customers[region]?.[random.early(reached[region] ?? 0)]
      if (customer === undefined) throw new RangeError('a region needs customers from before the first day')
      yield order(random, calendar, stock.products, customer, { day, second, region })
    }
  }
}

/** The rows of shop.orders. */
export function* orderRows(all: Iterable<Order>): Generator<Row> {
  let id = 0
  for (const { cells } of all) {
    id += 1
    yield [id, `SO-${String(id).padStart(7, '0')}`, ...cells]
  }
}

/** The rows of shop.order_lines; `onLine` sees each on its way. */
export function* lineRows(
  all: Iterable<Order>,
  calendar: Calendar,
  onLine: (order: Order, line: OrderLine) => void,
): Generator<Row> {
  let orderId = 0
  let id = 0
  for (const one of all) {
    orderId += 1
    for (const [index, line] of one.lines.entries()) {
      id += 1
      onLine(one, line)
      yield [
        id,
        orderId,
        index + 1,
        line.productId,
        line.quantity,
        money(line.unitCents),
        line.discountPercent,
        money(line.cents),
        line.returnedQuantity,
        line.returnedDay === null ? null : calendar.date(line.returnedDay),
      ]
    }
  }
}

function moment(random: Random): { region: number; second: number } {
  const region = random.weighted(REGION_SHARES)
  const hour = (BUSY_HOURS[region] ?? 12) + (random.next() + random.next() + random.next() - 1.5) * 7
  return { region, second: Math.floor(((hour + 24) % 24) * 3600) }
}

function order(
  random: Random,
  calendar: Calendar,
  products: readonly Product[],
  customer: Customer,
  placed: { day: number; second: number; region: number },
): Order {
  const { day, second, region } = placed
  const age = calendar.days - 1 - day
  let status = statusAt(age, random)
  const lines = Array.from({ length: 1 + random.weighted([27, 26, 20, 13, 9, 5]) }, () =>
    line(random, calendar, product(random, products, day), customer, day, status === 'DELIVERED' && age > 45),
  )
  if (lines.every((one) => one.returnedQuantity === one.quantity)) status = 'RETURNED'
  const goods = lines.reduce((sum, one) => sum + one.cents, 0)
  const shipping = goods >= 7500 ? 0 : region === 0 ? 490 : 790
  const rate =
    (EXCHANGE_RATES[customer.currency] ?? 1) * (customer.currency === 'EUR' ? 1 : 0.96 + random.next() * 0.08)
  const note = random.chance(0.07) ? random.pick(ORDER_NOTES) : null
  const cells = [
    customer.id,
    customer.region,
    status,
    CHANNELS[random.weighted(CHANNEL_SHARES)] ?? 'WEB',
    customer.currency,
    rate.toFixed(6),
    calendar.instant(day, second),
    money(shipping),
    money(goods + shipping),
    note,
  ]
  return { day, region, status, cells, lines }
}

/** Orders move on with age, in days: paid, on the way, delivered. */
function statusAt(age: number, random: Random): string {
  if (random.chance(0.03)) return 'CANCELED'
  const delay = random.int(0, 4)
  if (age < delay / 2) return 'PLACED'
  if (age < delay) return 'PAID'
  return age < 3 + delay * 2 ? 'SHIPPED' : 'DELIVERED'
}

function product(random: Random, products: readonly Product[], day: number): Product {
  const index = random.early(products.length)
  const wanted = products[index] as Product
  return wanted.day <= day ? wanted : (products[index % Math.floor(products.length * establishedShare)] as Product)
}

function line(
  random: Random,
  calendar: Calendar,
  of: Product,
  customer: Customer,
  day: number,
  settled: boolean,
): OrderLine {
  const quantity = customer.business && random.chance(0.4) ? random.int(5, 40) : 1 + random.weighted([70, 18, 7, 5])
  // Prices rise by three per cent a year.
  const unitCents = Math.round(of.cents * (1 - (0.03 * (calendar.days - 1 - day)) / 365))
  const sale = calendar.isSale(day)
  const discountPercent = random.chance(sale ? 0.75 : 0.22) ? random.pick(sale ? [10, 15, 20, 30] : [5, 10, 15]) : 0
  const returned = settled && random.chance(0.045)
  return {
    productId: of.id,
    quantity,
    unitCents,
    discountPercent,
    cents: Math.round((quantity * unitCents * (100 - discountPercent)) / 100),
    returnedQuantity: returned ? random.int(1, quantity) : 0,
    returnedDay: returned ? day + random.int(8, 40) : null,
  }
}

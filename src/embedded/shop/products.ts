import type { Calendar } from './calendar.ts'
import { money } from './copy.ts'
import type { Row } from './copy.ts'
import { createRandom } from './random.ts'
import { CATEGORIES, FINISHES, SERIES } from './vocabulary.ts'

/** What an order line or a stock movement needs to know of its product. */
export interface Product {
  id: number
  /** Today's price in euro cents. */
  cents: number
  /** The first day it was sold, negative before the shop's first day. */
  day: number
  discontinued: boolean
  row: Row
}

/** How many products, counted from the first, were there on the shop's first day. */
export const establishedShare = 0.85

/** All products. Titles are a thing, a quoted series and a finish: 'Kettle "Nordlicht", matt black'; each occurs once. */
export function createProducts(seed: string, calendar: Calendar, count: number): Product[] {
  const random = createRandom(`${seed} products`)
  const titles = new Set<string>()
  return Array.from({ length: count }, (_, index) => {
    const id = index + 1
    const category = random.pick(CATEGORIES)
    let title = ''
    do {
      title = `${random.pick(category.things)} "${random.pick(SERIES)}", ${random.pick(FINISHES)}`
    } while (titles.has(title))
    titles.add(title)
    const spread = random.next()
    const cents =
      Math.round((category.cents[0] + (category.cents[1] - category.cents[0]) * spread * spread) / 10) * 10 + 9
    const day = index < count * establishedShare ? random.int(-700, -1) : random.int(0, calendar.days - 15)
    const discontinued = random.chance(0.06)
    const row: Row = [
      id,
      `${category.name.slice(0, 3).toUpperCase()}-${String(id).padStart(5, '0')}`,
      title,
      category.name,
      money(cents),
      money(Math.round(cents * (0.42 + random.next() * 0.3))),
      random.int(2, 12) * 10,
      calendar.date(day),
      discontinued,
    ]
    return { id, cents, day, discontinued, row }
  })
}

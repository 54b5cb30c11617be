import { defineReport } from 'broadsheet/define'

/** The same lines, as a TypeScript report reads and writes them. */
export default defineReport({
  title: 'Bench lines through TypeScript',
  timeout: 'PT30M',
  parameters: { upto: { type: 'BigInt!', description: 'Lines with an id up to this' } },
  columns: {
    id: 'BigInt',
    placed_at: 'DateTime',
    customer: 'String',
    product: 'String',
    region: 'String',
    quantity: 'Int',
    unit_price: 'Decimal',
    amount: 'Decimal',
    shipped: 'Boolean',
    note: 'String',
  },
  async *rows({ parameters, sources }) {
    yield* sources['bench']!.query(
      'select id, placed_at, customer, product, region, quantity, unit_price, amount, shipped, note from lines where id <= $1 order by id',
      [parameters.upto],
    ) as AsyncIterable<Record<string, never>>
  },
})

import { defineReport, ReportError } from 'broadsheet/define'

/** What one SELECT does not say well: figures that build on the row before, with progress in the author's own words. */
export default defineReport({
  title: 'Running total by day',
  description: 'Sales of each day of a period, with the total so far and the best day.',
  parameters: {
    start_date: { type: 'DateExpression!', description: 'First day, inclusive' },
    end_date: { type: 'DateExpression!', description: 'Last day, inclusive' },
    goal: { type: 'Decimal', default: '1000000', description: 'Euro' },
  },
  columns: {
    day: 'Date',
    orders: 'Int',
    sales: { type: 'Decimal', description: 'Euro' },
    total: { type: 'Decimal', description: 'Euro since the first day' },
    goal_reached: 'Boolean',
  },
  fileName: 'running-total-{start_date}-{end_date}',
  timeout: 'PT5M',
  async *rows({ parameters, sources, progress, summary }) {
    const { shop } = sources
    if (!shop) throw new ReportError('This report needs the source "shop" in BROADSHEET_SOURCES.')

    const days = shop.query(
      `select placed_at::date::text as day, count(*)::int as orders, sum(total)::text as sales
         from shop.orders where placed_at >= $1::date and placed_at < $2::date + 1 and status <> 'CANCELED'
        group by 1 order by 1`,
      [parameters.start_date, parameters.end_date],
    )
    let total = 0
    let best = { day: '', sales: 0 }
    let done = 0
    for await (const { day, orders, sales } of days) {
      const amount = Number(sales)
      total += amount
      if (amount > best.sales) best = { day: String(day), sales: amount }
      progress((done += 1), null, `day ${String(day)}`)
      yield {
        day: String(day),
        orders: Number(orders),
        sales: String(sales),
        total: total.toFixed(2),
        goal_reached: total >= Number(parameters.goal),
      }
    }
    summary({ days: done, total: total.toFixed(2), best_day: best.day })
  },
})

/*---
title: Orders
description: Every order in a period, one row each, with its customer and totals in euro and in the customer's currency.
source: shop
parameters:
  start_date: { type: DateExpression!, description: "First day, inclusive" }
  end_date: { type: DateExpression!, description: "Last day, inclusive" }
  region: { type: String, values: [EU, US, APAC], description: Only this region }
  statuses:
    type: "[String!]"
    values: [PLACED, PAID, SHIPPED, DELIVERED, CANCELED, RETURNED]
    description: Only orders that stand there; all when left out
  min_total: { type: Decimal, default: 0, description: Only orders of at least this total in euro }
columns:
  units: Pieces on all lines
  discount: Euro taken off the list price of the lines
  shipping: Euro
  total: Euro, lines after discount and shipping
  paid: The total in the customer's currency, at the rate of the day
  note: What the customer wrote, as it was written
summary: >-
  select count(*) as orders, sum(total) as total, count(*) filter (where status = 'CANCELED') as canceled,
  round(avg(total), 2) as average_order_value from rows
file_name: "orders-{start_date}-{end_date}"
retention: P7D
timeout: PT10M
max_rows: 2000000
tenancy: shared
---*/
select
  o.id,
  o.number,
  o.placed_at,
  o.status,
  o.region,
  o.channel,
  c.name as customer,
  c.email,
  c.country,
  count(*) as lines,
  sum(l.quantity) as units,
  (sum(l.quantity * l.unit_price) - sum(l.amount))::numeric(14, 2) as discount,
  o.shipping,
  o.total,
  o.currency,
  (o.total * o.exchange_rate)::numeric(14, 2) as paid,
  o.note
from shop.orders o
join shop.customers c on c.id = o.customer_id
join shop.order_lines l on l.order_id = o.id
where o.placed_at >= :start_date::date
  and o.placed_at < :end_date::date + 1
  and (:region::text is null or o.region = :region)
  and (:statuses::text[] is null or o.status = any (:statuses))
  and o.total >= :min_total
group by o.id, c.id
order by o.id

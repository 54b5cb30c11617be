/*---
title: Sales by order line
description: >-
  Every order line in a period, with its order, customer and product. Money is in euro. Canceled orders are left out
  unless asked for.
source: shop
parameters:
  start_date: { type: DateExpression!, description: "First day, inclusive" }
  end_date: { type: DateExpression!, description: "Last day, inclusive" }
  region: { type: String, values: [EU, US, APAC], description: Only this region }
  min_amount: { type: Decimal, default: 0, description: Only lines of at least this amount in euro }
  include_canceled: { type: Boolean, default: false, description: Lines of canceled orders too }
columns:
  id: The order line's number; grows with the time of the order
  placed_at: When the order was placed
  unit_price: Euro, for one piece
  discount_percent: Taken off the price
  amount: Euro, after discount
  returned_quantity: Pieces that came back later
  note: What the customer wrote, as it was written
summary: >-
  select sum(amount) as total_sales, count(*) as lines, count(distinct order_number) as orders, sum(quantity) as units
  from rows
file_name: "sales-{start_date}-{end_date}"
retention: P7D
timeout: PT10M
max_rows: 5000000
tenancy: shared
---*/
select
  l.id,
  o.number as order_number,
  o.placed_at,
  o.region,
  c.country,
  o.status,
  o.channel,
  c.name as customer,
  c.company,
  p.sku,
  p.title as product,
  p.category,
  l.quantity,
  l.unit_price,
  l.discount_percent,
  l.amount,
  l.returned_quantity,
  o.note
from shop.orders o
join shop.order_lines l on l.order_id = o.id
join shop.customers c on c.id = o.customer_id
join shop.products p on p.id = l.product_id
where o.placed_at >= :start_date::date
  and o.placed_at < :end_date::date + 1
  and (:region::text is null or o.region = :region)
  and (o.status <> 'CANCELED' or :include_canceled)
  and l.amount >= :min_amount
order by l.id

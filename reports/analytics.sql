/*---
title: Daily figures by region
description: >-
  A dashboard's figures: one row for each day and region of a period, also where nothing happened. A day is a day in the
  report's time zone. Money is in euro; canceled orders count only as canceled.
source: shop
parameters:
  start_date: { type: DateExpression!, description: "First day, inclusive" }
  end_date: { type: DateExpression!, description: "Last day, inclusive" }
  region: { type: String, values: [EU, US, APAC], description: Only this region }
columns:
  customers: Different customers who ordered
  revenue: Euro, orders with shipping
  average_order_value: Euro; empty on a day without orders
  revenue_7_days: Euro, mean revenue of this day and the six before it within the period
  new_customers: Accounts opened
  returned_units: Pieces that came back on this day, whenever they were ordered
  returned_amount: Euro, what was paid for them
summary: >-
  select sum(orders) as orders, sum(revenue) as revenue, round(sum(revenue) / nullif(sum(orders), 0), 2) as average_order_value,
  sum(new_customers) as new_customers, sum(returned_amount) as returned_amount from rows
file_name: "analytics-{start_date}-{end_date}"
retention: P30D
timeout: PT5M
max_rows: 100000
tenancy: shared
---*/
with days as (
  select g.day::date as day, r.region
  from generate_series(:start_date::date::timestamp, :end_date::date::timestamp, interval '1 day') as g (day)
  cross join (values (1, 'EU'), (2, 'US'), (3, 'APAC')) as r (place, region)
  where :region::text is null or r.region = :region
),
placed as (
  select
    o.placed_at::date as day,
    o.region,
    count(*) filter (where o.status <> 'CANCELED') as orders,
    count(*) filter (where o.status = 'CANCELED') as canceled_orders,
    count(distinct o.customer_id) filter (where o.status <> 'CANCELED') as customers,
    sum(o.total) filter (where o.status <> 'CANCELED') as revenue
  from shop.orders o
  where o.placed_at >= :start_date::date and o.placed_at < :end_date::date + 1
  group by 1, 2
),
arrived as (
  select c.created_at::date as day, c.region, count(*) as new_customers
  from shop.customers c
  where c.created_at >= :start_date::date and c.created_at < :end_date::date + 1
  group by 1, 2
),
returned as (
  select
    l.returned_on as day,
    o.region,
    sum(l.returned_quantity) as units,
    sum(l.amount * l.returned_quantity / l.quantity) as amount
  from shop.order_lines l
  join shop.orders o on o.id = l.order_id
  where l.returned_on between :start_date::date and :end_date::date
  group by 1, 2
)
select
  d.day,
  d.region,
  coalesce(p.orders, 0) as orders,
  coalesce(p.canceled_orders, 0) as canceled_orders,
  coalesce(p.customers, 0) as customers,
  coalesce(p.revenue, 0)::numeric(14, 2) as revenue,
  round(p.revenue / nullif(p.orders, 0), 2) as average_order_value,
  round(avg(coalesce(p.revenue, 0)) over (
    partition by d.region order by d.day rows between 6 preceding and current row
  ), 2) as revenue_7_days,
  coalesce(a.new_customers, 0) as new_customers,
  coalesce(r.units, 0) as returned_units,
  coalesce(r.amount, 0)::numeric(14, 2) as returned_amount
from days d
left join placed p on p.day = d.day and p.region = d.region
left join arrived a on a.day = d.day and a.region = d.region
left join returned r on r.day = d.day and r.region = d.region
order by d.day, d.region

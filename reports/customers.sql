/*---
title: Customers by lifetime value
description: >-
  Every customer with what they have ordered so far and the segment that this puts them in. Money is in euro; canceled
  orders do not count.
source: shop
parameters:
  as_of: { type: DateExpression, default: today, description: "Last day whose orders count, inclusive" }
  region: { type: String, values: [EU, US, APAC], description: Only this region }
  countries: { type: "[String!]", description: "Only these countries, as two letters: DE" }
  segment: { type: String, values: [VIP, LOYAL, OCCASIONAL, LAPSED, PROSPECT], description: Only this segment }
  min_lifetime_value: { type: Decimal, default: 0, description: Only customers worth at least this many euro }
columns:
  lifetime_value: Euro, all orders with shipping, less what came back
  average_order_value: Euro; empty for who has never ordered
  segment: >-
    PROSPECT has not ordered, LAPSED not for 180 days; VIP is worth 5,000 euro or more, LOYAL has ordered five times;
    all others are OCCASIONAL
summary: >-
  select count(*) as customers, sum(lifetime_value) as lifetime_value, count(*) filter (where segment = 'VIP') as vips,
  count(*) filter (where segment = 'LAPSED') as lapsed from rows
file_name: "customers-{as_of}"
retention: P7D
timeout: PT5M
max_rows: 1000000
tenancy: shared
---*/
with returns as (
  select l.order_id, sum(l.amount * l.returned_quantity / l.quantity) as amount
  from shop.order_lines l
  where l.returned_on is not null and l.returned_on <= :as_of::date
  group by l.order_id
),
bought as (
  select
    o.customer_id,
    count(*) as orders,
    (sum(o.total) - coalesce(sum(r.amount), 0))::numeric(14, 2) as lifetime_value,
    min(o.placed_at)::date as first_order_on,
    max(o.placed_at)::date as last_order_on
  from shop.orders o
  left join returns r on r.order_id = o.id
  where o.placed_at < :as_of::date + 1 and o.status <> 'CANCELED'
  group by o.customer_id
),
customers as (
  select
    c.id,
    c.name,
    c.company,
    c.email,
    c.region,
    c.country,
    c.city,
    c.newsletter,
    c.created_at,
    coalesce(b.orders, 0) as orders,
    coalesce(b.lifetime_value, 0) as lifetime_value,
    round(b.lifetime_value / b.orders, 2) as average_order_value,
    b.first_order_on,
    b.last_order_on,
    case
      when b.orders is null then 'PROSPECT'
      when b.last_order_on < :as_of::date - 180 then 'LAPSED'
      when b.lifetime_value >= 5000 then 'VIP'
      when b.orders >= 5 then 'LOYAL'
      else 'OCCASIONAL'
    end as segment,
    c.note
  from shop.customers c
  left join bought b on b.customer_id = c.id
  where c.created_at < :as_of::date + 1
    and (:region::text is null or c.region = :region)
    and (:countries::text[] is null or c.country = any (:countries))
)
select x.*
from customers x
where (:segment::text is null or x.segment = :segment)
  and x.lifetime_value >= :min_lifetime_value
order by x.id

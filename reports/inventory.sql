/*---
title: Inventory by product
description: >-
  What is on hand of each product at the end of a day, counted from every stock movement up to it, with its value at cost
  and whether it is time to reorder.
source: shop
parameters:
  as_of: { type: DateExpression, default: today, description: "Last day whose movements count, inclusive" }
  categories:
    type: "[String!]"
    values: [Kitchen, Garden, Office, Lighting, Tools, Toys, Books, Outdoor]
    description: Only products of these categories; all when left out
  below_reorder_level: { type: Boolean, default: false, description: Only products that are to be reordered }
  min_on_hand: { type: Int, default: 0, description: Only products with at least so many pieces on hand }
columns:
  on_hand: Pieces in all warehouses
  reorder: True when on_hand is below reorder_level and the product is still sold
  stock_value: Euro, pieces on hand at cost
  sold_28_days: Pieces that left in the 28 days that end with as_of
  days_left: How long on_hand lasts at that rate; empty when nothing was sold
summary: >-
  select count(*) as products, sum(on_hand) as pieces, sum(stock_value) as stock_value,
  count(*) filter (where reorder) as products_to_reorder from rows
file_name: "inventory-{as_of}"
retention: P14D
timeout: PT5M
max_rows: 100000
tenancy: shared
---*/
with movements as (
  select
    m.product_id,
    sum(m.quantity) as on_hand,
    sum(m.quantity) filter (where m.warehouse = 'Rotterdam') as rotterdam,
    sum(m.quantity) filter (where m.warehouse = 'Reno') as reno,
    sum(m.quantity) filter (where m.warehouse = 'Singapore') as singapore,
    -sum(m.quantity) filter (where m.kind = 'SALE' and m.moved_on > :as_of::date - 28) as sold_28_days,
    max(m.moved_on) as last_movement_on
  from shop.stock_movements m
  where m.moved_on <= :as_of::date
  group by m.product_id
),
stock as (
  select
    p.sku,
    p.title as product,
    p.category,
    coalesce(m.on_hand, 0) as on_hand,
    coalesce(m.rotterdam, 0) as rotterdam,
    coalesce(m.reno, 0) as reno,
    coalesce(m.singapore, 0) as singapore,
    p.reorder_level,
    not p.discontinued and coalesce(m.on_hand, 0) < p.reorder_level as reorder,
    p.discontinued,
    p.cost,
    (p.cost * coalesce(m.on_hand, 0))::numeric(14, 2) as stock_value,
    coalesce(m.sold_28_days, 0) as sold_28_days,
    round(m.on_hand * 28.0 / nullif(m.sold_28_days, 0), 1) as days_left,
    m.last_movement_on
  from shop.products p
  left join movements m on m.product_id = p.id
  where p.launched_on <= :as_of::date
    and (:categories::text[] is null or p.category = any (:categories))
)
select s.*
from stock s
where (s.reorder or not :below_reorder_level)
  and s.on_hand >= :min_on_hand
order by s.sku

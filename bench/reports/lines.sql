/*---
title: Bench lines
source: bench
parameters:
  upto: { type: BigInt!, description: "Lines with an id up to this" }
timeout: PT30M
tenancy: shared
---*/
select id, placed_at, customer, product, region, quantity, unit_price, amount, shipped, note
from lines where id <= :upto order by id

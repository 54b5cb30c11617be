/*---
title: Bench of an idle service
source: bench
tenancy: shared
---*/
select 1 as one

/*---
title: Back-office users
description: Who may sign in to the shop's back office, in what role, and when they last did.
source: shop
parameters:
  as_of: { type: DateExpression, default: today, description: "Last day that counts, inclusive" }
  role: { type: String, values: [ADMIN, MANAGER, SALES, SUPPORT, WAREHOUSE], description: Only this role }
  active: { type: Boolean, description: "True: only accounts in use; false: only closed ones; all when left out" }
  unseen_days: { type: Int, description: "Only who has not signed in for so many days, or never" }
columns:
  active: False for closed accounts
  two_factor: Whether signing in needs a second factor
  failed_logins: Since the last time that worked
  last_login_at: Empty for who has never signed in
  days_unseen: Days from the last sign-in to as_of; empty for who has never signed in
summary: >-
  select count(*) as users, count(*) filter (where active) as active, count(*) filter (where not two_factor) as without_two_factor,
  count(*) filter (where last_login_at is null) as never_signed_in from rows
file_name: "users-{as_of}"
retention: P7D
timeout: PT1M
max_rows: 100000
tenancy: shared
---*/
select
  u.id,
  u.user_name,
  u.full_name,
  u.email,
  u.role,
  u.region,
  u.active,
  u.two_factor,
  u.failed_logins,
  u.created_at,
  u.last_login_at,
  :as_of::date - u.last_login_at::date as days_unseen,
  u.note
from shop.users u
where u.created_at < :as_of::date + 1
  and (:role::text is null or u.role = :role)
  and (:active::boolean is null or u.active = :active)
  and (:unseen_days::integer is null or u.last_login_at is null or u.last_login_at < :as_of::date + 1 - :unseen_days)
order by u.id

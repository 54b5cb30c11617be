/** The shop's tables, without keys and indexes: those come after the rows, which is several times faster. */
export const TABLES = `
create schema shop;
create table shop.users (
  id integer not null, user_name text not null, full_name text not null, email text not null, role text not null,
  region text not null, active boolean not null, two_factor boolean not null, failed_logins integer not null,
  created_at timestamptz not null, last_login_at timestamptz, note text);
create table shop.customers (
  id integer not null, name text not null, company text, email text not null, region text not null, country text not null,
  city text not null, currency text not null, newsletter boolean not null, created_at timestamptz not null, note text);
create table shop.products (
  id integer not null, sku text not null, title text not null, category text not null, price numeric(12,2) not null,
  cost numeric(12,2) not null, reorder_level integer not null, launched_on date not null, discontinued boolean not null);
create table shop.orders (
  id integer not null, number text not null, customer_id integer not null, region text not null, status text not null,
  channel text not null, currency text not null, exchange_rate numeric(12,6) not null, placed_at timestamptz not null,
  shipping numeric(12,2) not null, total numeric(12,2) not null, note text);
create table shop.order_lines (
  id integer not null, order_id integer not null, line_number integer not null, product_id integer not null,
  quantity integer not null, unit_price numeric(12,2) not null, discount_percent integer not null,
  amount numeric(12,2) not null, returned_quantity integer not null, returned_on date);
create table shop.stock_movements (
  id integer not null, product_id integer not null, warehouse text not null, kind text not null,
  quantity integer not null, moved_on date not null, note text);
create table shop.filling (shape integer not null, today date not null, row_count integer not null);
comment on table shop.filling is 'One row, written last: the shop is filled completely.';
comment on column shop.orders.total is 'Euro: lines and shipping. times exchange_rate: what the customer paid in currency.';
comment on column shop.order_lines.amount is 'Euro: quantity * unit_price less discount_percent.';
comment on column shop.stock_movements.quantity is 'Positive in, negative out; the sum is what is on hand.';
`

/** Keys, checks and the indexes that the report types read by; after the rows. */
export const KEYS: readonly string[] = [
  'alter table shop.users add primary key (id), add unique (user_name)',
  `alter table shop.customers add primary key (id), add check (region in ('EU', 'US', 'APAC'))`,
  'alter table shop.products add primary key (id), add unique (sku)',
  `alter table shop.orders add primary key (id), add check (region in ('EU', 'US', 'APAC')),
     add check (status in ('PLACED', 'PAID', 'SHIPPED', 'DELIVERED', 'CANCELED', 'RETURNED'))`,
  'alter table shop.order_lines add primary key (id), add check (returned_quantity between 0 and quantity)',
  'alter table shop.stock_movements add primary key (id)',
  'alter table shop.orders add foreign key (customer_id) references shop.customers',
  `alter table shop.order_lines add foreign key (order_id) references shop.orders,
     add foreign key (product_id) references shop.products`,
  'alter table shop.stock_movements add foreign key (product_id) references shop.products',
  'create index on shop.customers (created_at)',
  'create index on shop.orders (placed_at)',
  'create index on shop.orders (customer_id)',
  'create index on shop.order_lines (order_id)',
  'create index on shop.order_lines (returned_on) where returned_on is not null',
  'create index on shop.stock_movements (product_id, moved_on)',
  'analyze shop.users, shop.customers, shop.products, shop.orders, shop.order_lines, shop.stock_movements',
]

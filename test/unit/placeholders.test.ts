import { expect, test } from 'vitest'
import { lineAt, replacePlaceholders, scanSql } from '../../src/report-type/placeholders.ts'

const names = (sql: string) =>
  scanSql(sql).placeholders.map(({ name, cast }) => (cast === null ? name : `${name}::${cast}`))

test.each([
  ['select :a', ['a']],
  ['select :a,:b', ['a', 'b']],
  ['select (:a)+:a', ['a', 'a']],
  ['select x::int', []],
  ['select x :: int', []],
  ['select f(a := 1)', []],
  ["select ':a'", []],
  ["select 'it''s :a' || :b", ['b']],
  [String.raw`select 'back\' || :a || '\'`, ['a']],
  [String.raw`select e'back\' :a' || :b`, ['b']],
  [String.raw`select E'\\' || :b`, ['b']],
  [String.raw`select U&'\0041 :a' || :b`, ['b']],
  ["select b'01', x'ff', n'x :a'", []],
  ['select ":a", :b', ['b']],
  ['select "a"":a", U&":b"', []],
  ['select 1 -- :a\n, :b', ['b']],
  ['select /* :a /* :b */ :c */ :d', ['d']],
  ['select $$ :a $$, :b', ['b']],
  ['select $tag$ :a $$ :b $tag$, :c', ['c']],
  ['select $1, a$b$c, :d -- $', ['d']],
  ['select arr[1:2], arr[:a::int]', ['a::int']],
  ['select arr[lo:hi]', ['hi']],
  ['select :a::date + 1', ['a::date']],
  ['select :a ::date', ['a::date']],
  ['select :a::text[]', ['a::text[]']],
  ['select :a::numeric(12,2)', ['a']],
  ['select :a::double precision', ['a']],
  ['select :a::timestamp with time zone', ['a']],
  ['select :a::pg_catalog.int4', ['a::pg_catalog.int4']],
  ['select :a::date::text', ['a::date']],
  ["select date ':a', :b", ['b']],
])('%s has %j', (sql, expected) => {
  expect(names(sql)).toEqual(expected)
})

test('what is replaced is exactly the placeholder and the cast that follows it', () => {
  const sql = "select ':a', :a::date + 1, :a::double precision -- :a"
  expect(replacePlaceholders(sql, scanSql(sql).placeholders, ({ name, cast }) => `<${name} ${cast}>`)).toBe(
    "select ':a', <a date> + 1, <a null>::double precision -- :a",
  )
})

test.each([
  ["select 'x", 'string'],
  ['select "x', 'quoted name'],
  ['select /* /* */', 'comment'],
  ['select $a$ $b$', 'string $a$'],
  [String.raw`select e'\'`, 'string'],
])('%s is unclosed', (sql, what) => {
  expect(scanSql(sql).unclosed?.what).toContain(what)
})

test.each([
  ['select 1;', 'select', [8], 8],
  ['-- c\n /* c */ With x as (select 1) select 1 ; -- end', 'with', [44], 43],
  ['(select 1)', '(', [], 10],
  ["select ';' ; delete from x", 'select', [11], 26],
  ['-- nothing', null, [], 0],
])('%s begins and ends', (sql, firstWord, semicolons, end) => {
  expect(scanSql(sql)).toMatchObject({ firstWord, semicolons, end })
})

test('a long text is scanned in linear time', () => {
  const sql = `select ${"'a''b' || :x || /* c */ ".repeat(40_000)} 1`
  const started = performance.now()
  expect(scanSql(sql).placeholders).toHaveLength(40_000)
  expect(performance.now() - started).toBeLessThan(2000)
})

test('lines count from 1', () => {
  expect([lineAt('a\nb\nc', 0), lineAt('a\nb\nc', 2), lineAt('a\nb\nc', 4)]).toEqual([1, 2, 3])
})

import { expect, test } from 'vitest'
import { parseRowsReport } from '../../src/report-type/rows-report.ts'

const declared = (column: string) =>
  parseRowsReport('x.ts', `export default { title: "T", columns: { a: ${column} }, rows() {} }`, import.meta.dirname)

test('a Decimal column may say its digits', async () => {
  const { columns } = await declared('{ type: "Decimal", precision: 12, scale: 2, description: "Euro" }')
  expect(columns).toEqual([{ name: 'a', type: 'Decimal', precision: 12, scale: 2, description: 'Euro' }])
  expect((await declared('{ type: "Decimal", precision: 38 }')).columns).toEqual([{ name: 'a', type: 'Decimal', precision: 38, scale: 0 }]) // prettier-ignore
})

test.each([
  ['{ type: "Int", precision: 2 }', /column a: precision and scale are for Decimal/],
  ['{ type: "Decimal", scale: 2 }', /column a: precision is 1 to 38/],
  ['{ type: "Decimal", precision: 39 }', /column a: precision is 1 to 38/],
  ['{ type: "Decimal", precision: 4, scale: 5 }', /column a: scale is 0 to 4/],
])('%s is a fault', async (column, fault) => {
  await expect(declared(column)).rejects.toThrow(fault)
})

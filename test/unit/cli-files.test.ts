import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { writeToString } from 'fast-csv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { countRows } from '../../cli/count-rows.ts'
import { EXIT } from '../../cli/outcome.ts'
import { plain, table } from '../../cli/plain.ts'
import { readSettings } from '../../cli/settings.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-cli-'))
})
afterAll(() => rm(directory, { recursive: true }))

async function counted(content: string | Buffer, format = 'CSV', compression = 'NONE'): Promise<number | null> {
  const path = join(directory, 'document')
  await writeFile(path, content)
  return countRows(path, { format, compression })
}

describe('rows of a document', () => {
  const cell = fc.oneof(fc.string(), fc.constantFrom('', '"', '\n', '\r\n', ',', '""\n', 'ž東🎁', '{[', '\\"'))

  test('of CSV, whatever its cells hold, with either line break', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(cell, { minLength: 2, maxLength: 3 }), { maxLength: 8 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        async (rows, rowDelimiter, lastBreak) => {
          const text = await writeToString([['a', 'b'], ...rows], { rowDelimiter, quoteColumns: true })
          expect(await counted(lastBreak ? text + rowDelimiter : text)).toBe(rows.length)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('of CSV with one column whose cells are null, and of nothing but a header', async () => {
    expect(await counted('id\n\n\n""\n')).toBe(3)
    expect(await counted('id\n')).toBe(0)
    expect(await counted('')).toBe(0)
  })

  test('of NDJSON and JSON', async () => {
    const row = fc.record({ a: cell, b: fc.oneof(fc.jsonValue(), cell) })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 8 }), async (rows) => {
        expect(await counted(JSON.stringify(rows), 'JSON')).toBe(rows.length)
        expect(await counted(rows.map((each) => `${JSON.stringify(each)}\n`).join(''), 'NDJSON')).toBe(rows.length)
      }),
      { numRuns: 40 },
    )
  })

  test('across the chunks of a large one, compressed or not', async () => {
    const text = `id,text\n${'1,"two\nlines, ""quoted"""\n'.repeat(30_000)}`
    expect(await counted(text)).toBe(30_000)
    expect(await counted(gzipSync(text), 'CSV', 'GZIP')).toBe(30_000)
    expect(await counted(zstdCompressSync(text), 'CSV', 'ZSTD')).toBe(30_000)
    await expect(counted(gzipSync(text).subarray(0, 500), 'CSV', 'GZIP')).rejects.toThrow(/end of file/)
  })

  test('of a format that is no text are not counted', async () => {
    expect(await counted('PK', 'XLSX')).toBeNull()
  })
})

describe('settings', () => {
  const token = 'a-token'
  test('a flag comes before the environment, and that before what is usual', () => {
    expect(readSettings({}, { BROADSHEET_TOKEN: token })).toEqual({ url: 'http://127.0.0.1:4000', token })
    const environment = { BROADSHEET_URL: 'https://reports.example.com', BROADSHEET_TOKEN: token }
    expect(readSettings({}, environment).url).toBe('https://reports.example.com')
    expect(readSettings({ url: 'http://here', token: 'mine' }, environment)).toEqual({
      url: 'http://here',
      token: 'mine',
    })
  })

  test.each([
    [{}, /BROADSHEET_TOKEN is not set/],
    [{ BROADSHEET_TOKEN: 'two words' }, /BROADSHEET_TOKEN is no token/],
    [{ BROADSHEET_TOKEN: 'a', BROADSHEET_URL: 'localhost:4000' }, /BROADSHEET_URL is no http or https address/],
    [{ BROADSHEET_TOKEN: 'a', BROADSHEET_URL: 'ftp://x' }, /BROADSHEET_URL/],
  ])('%j is refused', (environment, message) => expect(() => readSettings({}, environment)).toThrow(message))
})

test('nobody’s title moves the cursor', () => {
  expect(plain('a\u001b[2Jb\u202ec\r')).toBe('a�[2Jb�c�')
  expect(table(['A', 'B'], [['1\n2', 'x\u0007'], ['long one', 'y']])).toEqual(['A         B', '1 2       x�', 'long one  y']) // prettier-ignore
})

test('docs/command-line.md has every exit code', async () => {
  const text = await readFile(fileURLToPath(new URL('../../docs/command-line.md', import.meta.url)), 'utf8')
  const section = text.split('\n## Exit codes\n')[1]?.split('\n## ')[0] ?? ''
  const codes = [...section.matchAll(/^\| `(\d+)` \|/gm)].map(([, code]) => Number(code))
  expect(codes).toEqual(Object.values(EXIT).toSorted((a, b) => a - b))
})

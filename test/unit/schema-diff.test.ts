import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
let directory: string
let released: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-diff-'))
  const { version } = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8')) as { version: string }
  released = `${ROOT}schema/releases/${version}.graphql`
})
afterAll(() => rm(directory, { recursive: true, force: true }))

/** Exit code and output of `npm run schema:diff`, over the given files or none. */
async function diff(...files: string[]): Promise<{ code: number; output: string }> {
  const { promise, resolve } = Promise.withResolvers<{ code: number; output: string }>()
  execFile(process.execPath, ['scripts/schema-diff.ts', ...files], { cwd: ROOT }, (error, output) =>
    resolve({ code: error ? Number(error.code) : 0, output }),
  )
  return promise
}

/** Of this version's own schema with one thing changed. */
async function changed(from: string | RegExp, to: string) {
  const sdl = await readFile(released, 'utf8')
  const other = sdl.replace(from, to)
  expect(other, `${from} is there`).not.toBe(sdl)
  const file = join(directory, `${crypto.randomUUID()}.graphql`)
  await writeFile(file, other)
  return diff(released, file)
}

test('the schema as it is breaks nothing of the last release', async () => {
  expect(await diff()).toEqual({
    code: 0,
    output: expect.stringMatching(/^Nothing breaks a client of \d+\.\d+\.\d+\.\n$/),
  })
})

describe('is refused', () => {
  test.each<[string, string | RegExp, string, RegExp]>([
    [
      'a field that is gone',
      /\n {2}typeVersion: String!\n/,
      '\n  version: String!\n',
      /Report\.typeVersion was removed/,
    ],
    [
      'a field that may be null now',
      /(type Report implements[^]*?)\n {2}title: String!/,
      '$1\n  title: String',
      /Report\.title changed type/,
    ],
    ['a type that is gone', /ReportFailure\b/g, 'ReportFault', /ReportFailure was removed/],
    ['a value that is gone', /\n {2}QUEUE_ONE\n/, '\n  QUEUE_TWO\n', /QUEUE_ONE was removed/],
    ['an argument that is required now', /createApiToken\(/, 'createApiToken(\n    why: String!\n', /required arg why/],
    [
      'an input field that is required now',
      /input RequestReportInput \{/,
      'input RequestReportInput {\n  why: String!\n',
      /required field why/,
    ],
    [
      'an argument with another default',
      'expiresIn: Duration = "PT15M"',
      'expiresIn: Duration = "PT5M"',
      /expiresIn has changed defaultValue/,
    ],
    [
      'an input field with another default',
      /(input CreateScheduleInput[^]*?)catchUpWindow: Duration = "PT1H"/,
      '$1catchUpWindow: Duration = "PT0S"',
      /CreateScheduleInput\.catchUpWindow changed its default/,
    ],
    [
      'a choice that is none any more',
      'input CadenceInput @oneOf',
      'input CadenceInput',
      /CadenceInput is no longer @oneOf/,
    ],
    [
      'byName that is gone',
      'byName: ReportByNameInput',
      'named: ReportByNameInput',
      /ReportRequestInput\.byName was removed/,
    ],
    [
      'an interface that is left',
      'type Schedule implements Node',
      'type Schedule',
      /no longer implements interface Node/,
    ],
  ])('%s', async (_, from, to, words) => {
    const { code, output } = await changed(from, to)
    expect(output).toMatch(words)
    expect(code).toBe(1)
  })
})

describe('is taken', () => {
  test.each<[string, string | RegExp, string]>([
    ['a new field', 'type System {', 'type System {\n  mood: String\n'],
    ['a field that is never null any more', /\n {2}resolvedParameters: JSON\n/, '\n  resolvedParameters: JSON!\n'],
    ['a new value', /enum ReportFormat \{/, 'enum ReportFormat {\n  CLAY_TABLET\n'],
    ['a new argument with a default', /createApiToken\(/, 'createApiToken(\n    why: String = "because"\n'],
    ['a report type whose file is gone', /\n {2}sales: SalesParametersInput\n/, '\n  sold: SalesParametersInput\n'],
    ['another default of a report type', 'includeCanceled: Boolean = false', 'includeCanceled: Boolean = true'],
  ])('%s', async (_, from, to) => {
    expect((await changed(from, to)).output).toMatch(/^Nothing breaks/)
  })
})

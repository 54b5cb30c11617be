import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildWeb, type WebBuildOptions } from '../../src/embedded/web/build.ts'
import { isAlive } from '../support/process.ts'
import { until } from '../support/until.ts'

/** In place of Vite: copies the sources' words, says when it was there, and does what the sources tell it to. */
const VITE = `
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { getPriority } from 'node:os'
const [, , command, web, , out] = process.argv
const words = readFileSync(web + '/index.html', 'utf8')
mkdirSync(out + '/assets', { recursive: true })
writeFileSync(out + '/assets/half.js', words)
appendFileSync(web + '/../builds', JSON.stringify({ command, pid: process.pid, niceness: getPriority() }) + '\\n')
if (words.includes('broken')) { console.error('a line that explains'); process.exit(1) }
if (words.includes('endless')) await new Promise(() => setInterval(() => undefined, 1000))
writeFileSync(out + '/index.html', words)
`
let root: string
let dist: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'broadsheet-web-'))
  dist = join(root, 'web/dist')
  await mkdir(join(root, 'web/src'), { recursive: true })
  await mkdir(join(root, 'client'))
  await writeFile(join(root, 'vite.mjs'), VITE)
  await writeFile(join(root, 'package-lock.json'), '{}')
  await writeFile(join(root, 'client/client.ts'), '')
  await writeFile(join(root, 'web/src/main.ts'), '')
  await write('first')
})
afterEach(async () => {
  await chmod(join(root, 'web'), 0o755)
  await rm(root, { recursive: true, force: true })
})

const write = (words: string) => writeFile(join(root, 'web/index.html'), words)
const build = (more: Partial<WebBuildOptions> = {}) => buildWeb({ root, vite: join(root, 'vite.mjs'), ...more })
const builds = async () =>
  (await readFile(join(root, 'builds'), 'utf8').catch(() => ''))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { command: string; pid: number; niceness: number })
const page = () => readFile(join(dist, 'index.html'), 'utf8')
const beside = async () => (await readdir(join(root, 'web'))).filter((name) => name.startsWith('dist'))

test('a page is built once, and again when something that it is made of has changed', async () => {
  const begun: string[] = []
  const begin = () => void begun.push('begun')
  expect(await build({ begin, niceness: 7 })).toEqual({ as: 'built' })
  expect(await page()).toBe('first')
  expect((await stat(dist)).mode & 0o777, 'others may read it').toBe(0o755)
  expect(await build({ begin })).toEqual({ as: 'unchanged' })
  expect(await builds()).toEqual([{ command: 'build', pid: expect.any(Number), niceness: 7 }])
  expect(begun).toHaveLength(1)

  for (const path of ['web/src/main.ts', 'web/src/new.css', 'client/client.ts', 'tsconfig.json', 'package-lock.json']) {
    await writeFile(join(root, path), 'changed')
    expect([path, await build()]).toEqual([path, { as: 'built' }])
  }
  await rm(join(root, 'web/src/new.css'))
  expect(await build()).toEqual({ as: 'built' })
  await mkdir(join(root, 'web/node_modules'))
  await writeFile(join(root, 'web/node_modules/x.js'), 'none of ours')
  await writeFile(join(root, 'web/dist/x.js'), 'made')
  expect(await build()).toEqual({ as: 'unchanged' })
  expect(await build({ anyway: true })).toEqual({ as: 'built' })
  await rm(join(dist, 'index.html'))
  expect(await build()).toEqual({ as: 'built' })
  expect(await beside()).toEqual(['dist'])
})

test('several at once come to one whole page', async () => {
  await build()
  await write('second')
  const all = await Promise.all([build(), build(), build({ anyway: true }), build({ anyway: true })])
  expect(new Set(all.map(({ as }) => as))).toEqual(new Set(['built']))
  expect(await page()).toBe('second')
  expect(await build()).toEqual({ as: 'unchanged' })
  expect(await beside()).toEqual(['dist'])
})

test('one that fails tells what was said, and leaves the page of before', async () => {
  await build()
  await write('broken')
  expect(await build()).toEqual({ as: 'not built', why: 'Vite failed', output: expect.stringContaining('explains') })
  expect(await page()).toBe('first')
  expect(await beside()).toEqual(['dist'])
})

test('one that is called off ends its process; one that is killed leaves no half page, and its leftovers go', async () => {
  await write('endless')
  const ending = new AbortController()
  const under = build({ signal: ending.signal })
  const { pid } = await until(async () => (await builds())[0])
  ending.abort()
  expect(await under).toMatchObject({ as: 'not built' })
  await until(() => !isAlive(pid))
  expect(await beside()).toEqual([])

  const killed = build()
  const again = await until(async () => (await builds())[1])
  process.kill(again.pid, 'SIGKILL')
  expect(await killed).toMatchObject({ as: 'not built' })
  expect(await beside()).toEqual([])

  // What a start leaves that was killed itself.
  await mkdir(join(root, 'web/dist.new-older'))
  await mkdir(join(root, 'web/dist.old-older-1'))
  await mkdir(join(root, 'web/dist.new-younger'))
  const hourAgo = new Date(Date.now() - 3_600_000)
  for (const name of ['dist.new-older', 'dist.old-older-1']) await utimes(join(root, 'web', name), hourAgo, hourAgo)
  await write('whole')
  expect(await build()).toEqual({ as: 'built' })
  expect(await page()).toBe('whole')
  expect((await beside()).toSorted()).toEqual(['dist', 'dist.new-younger'])
})

test('where it can not be built, one reason says so', async () => {
  const without = await buildWeb({ root })
  expect(without).toEqual({ as: 'not built', why: expect.stringContaining('Vite is not installed'), output: '' })
  await rm(join(root, 'web/index.html'))
  expect(await build()).toEqual({ as: 'not built', why: 'its sources are not here', output: '' })
  await mkdir(dist)
  await writeFile(join(dist, 'index.html'), 'brought along')
  expect(await build()).toEqual({ as: 'unchanged' })
})

test.skipIf(process.getuid?.() === 0)(
  'a checkout that can not be written is told, and nothing else happens',
  async () => {
    await chmod(join(root, 'web'), 0o555)
    expect(await build()).toEqual({ as: 'not built', why: expect.stringContaining('EACCES'), output: '' })
  },
)

import { createHash } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSignInCodes } from '../../src/identity/sign-in-codes.ts'

const MINUTE = 60_000
let parent: string
let directory: string
let clock: number
const codesAt = () => createSignInCodes({ directory, now: () => clock })

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'broadsheet-codes-'))
  directory = join(parent, 'sign-in')
  clock = Date.parse('2026-11-22T10:00:00.123Z')
})
afterEach(() => rm(parent, { recursive: true, force: true }))

test('a code is good once, also in another process than the one that made it', async () => {
  const code = await codesAt().mint()
  expect(code).toMatch(/^[\w-]{43}$/)
  expect(await codesAt().take(code)).not.toBeNull()
  expect(await codesAt().take(code)).toBeNull()
})

test('of a hundred who bring the same code at once, one gets it', async () => {
  const code = await codesAt().mint()
  const taken = await Promise.all(Array.from({ length: 100 }, () => codesAt().take(code)))
  expect(taken.filter((each) => each !== null)).toHaveLength(1)
})

test('for ten minutes, and no longer where a clock is set back', async () => {
  const codes = codesAt()
  const [first, second, third] = [await codes.mint(), await codes.mint(), await codes.mint()]
  // A file's time may lose a millisecond.
  clock += 10 * MINUTE - 2
  expect(await codes.take(first)).not.toBeNull()
  clock += 2
  expect(await codes.take(second)).toBeNull()
  clock -= 11 * MINUTE
  expect(await codes.take(third)).toBeNull()
})

test('a code that bought nothing is good again, until its old end', async () => {
  const codes = codesAt()
  const code = await codes.mint()
  clock += 9 * MINUTE
  await (await codes.take(code))?.giveBack()
  const again = await codes.take(code)
  expect(again).not.toBeNull()
  await again?.giveBack()
  clock += MINUTE
  expect(await codes.take(code)).toBeNull()
})

test('only a hash of it is kept, for its owner alone; what has ended is removed', async () => {
  const codes = codesAt()
  const code = await codes.mint()
  const name = createHash('sha256').update(code).digest('hex')
  expect(await readdir(directory)).toEqual([name])
  expect(await readFile(join(directory, name), 'utf8')).toBe('')
  expect((await stat(directory)).mode & 0o077).toBe(0)
  expect((await stat(join(directory, name))).mode & 0o077).toBe(0)
  clock += 11 * MINUTE
  const next = await codes.mint()
  expect(await readdir(directory)).toEqual([createHash('sha256').update(next).digest('hex')])
})

test('a process that died while it made one has left none that is good', async () => {
  const codes = createSignInCodes({ directory })
  await codes.mint()
  const code = 'c'.repeat(43)
  await writeFile(join(directory, createHash('sha256').update(code).digest('hex')), '')
  expect(await codes.take(code)).toBeNull()
})

test('nothing else is a code: no path, no other length, no hash, and nothing where there is no directory', async () => {
  const codes = codesAt()
  expect(await codes.take('c'.repeat(43))).toBeNull()
  await codes.mint()
  const [name = ''] = await readdir(directory)
  for (const text of ['', name, `../sign-in/${name}`, '../../etc/passwd', 'c'.repeat(42), `${'c'.repeat(43)}\n`])
    expect([text, await codes.take(text)]).toEqual([text, null])
  expect(await readdir(directory)).toEqual([name])
})

test.skipIf(process.getuid?.() === 0)('a directory that can not be written is a fault, not a wrong code', async () => {
  const codes = codesAt()
  const code = await codes.mint()
  await chmod(directory, 0o500)
  await expect(codes.take(code)).rejects.toThrow('EACCES')
  await chmod(directory, 0o700)
})

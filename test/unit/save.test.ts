import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { save } from '../../client/save.ts'
import { until } from '../support/until.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-save-'))
  return () => rm(directory, { recursive: true })
})
const target = () => join(directory, 'a.csv')
const bytes = async function* (text = 'whole') {
  yield Buffer.from(text)
}
const parts = async () => (await readdir(directory)).filter((name) => name.endsWith('.part'))

/** A process that has saved a part of the file, and waits. */
async function saving() {
  const code = `import { save } from ${JSON.stringify(new URL('../../client/save.ts', import.meta.url).href)}
    async function* bytes() { yield Buffer.from('a part'); setInterval(() => undefined, 1_000); process.stdout.write('going'); await new Promise(() => undefined) }
    await save(bytes(), ${JSON.stringify(target())})`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  await until(async () => (await parts()).length > 0)
  return {
    async kill() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

test('what a killed process left of the same file goes with the next', async () => {
  const one = await saving()
  await one.kill()
  expect(await parts()).toHaveLength(1)
  await save(bytes(), target())
  expect(await readdir(directory)).toEqual(['a.csv'])
  expect(await readFile(target(), 'utf8')).toBe('whole')
})

test('what a process is writing stays, and what nobody has written to for a day goes', async () => {
  const one = await saving()
  try {
    await save(bytes(), target())
    expect(await parts()).toHaveLength(1)
    const [part = ''] = await parts()
    const elsewhere = `a.csv.${part.includes('.000000-') ? '111111' : '000000'}-1-1.part`
    for (const name of [elsewhere, 'a.csv.1-1.part']) await writeFile(join(directory, name), '')
    await save(bytes(), target())
    expect(await parts(), 'of another machine, of an older client').toHaveLength(3)
    const before = new Date(Date.now() - 86_400_000 - 60_000)
    for (const name of await parts()) await utimes(join(directory, name), before, before)
    for (const name of ['b.csv.1-1.part', 'a.csv.part', 'a.csv.mine-1-1.part', 'xa.csv.1-1.part']) {
      await writeFile(join(directory, name), '')
      await utimes(join(directory, name), before, before)
    }
    await save(bytes(), target())
    expect((await parts()).toSorted(), 'not of this file, or not of ours').toEqual(['a.csv.mine-1-1.part', 'a.csv.part', 'b.csv.1-1.part', 'xa.csv.1-1.part']) // prettier-ignore
  } finally {
    await one.kill()
  }
})

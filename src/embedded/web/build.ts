import { access, chmod, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { reason } from '../data-directory.ts'
import { run } from '../program.ts'
import { hashSources } from './sources.ts'

/** How long Vite may take, in seconds. */
const LONGEST = 120
/** Older leftovers are of builds that were killed, in milliseconds. */
const LEFT_BEHIND = 10 * 60_000
/** How often a place is taken that others take at the same moment. */
const TRIES = 5
/** Beside the page: the hash of what it was made of. */
const MARK = '.built'

/** `unchanged` or `built`: `web/dist` is what the sources say. `not built`: it is as it was, if it was there at all. */
export type WebBuild =
  | { readonly as: 'unchanged' | 'built' }
  | { readonly as: 'not built'; readonly why: string; readonly output: string }

export interface WebBuildOptions {
  /** Of the checkout: the sources are in `<root>/web`, the page goes to `<root>/web/dist`. */
  root: string
  /** Build it also where nothing has changed. */
  anyway?: boolean
  /** Vite's program; by default that of the checkout. */
  vite?: string
  /** 0 to 19: how much the build stands back for others. */
  niceness?: number
  /** Called where there is something to do. */
  begin?(): void
  signal?: AbortSignal
}

/**
 * Builds the dashboard, where its sources are not those that it was built from. It is made beside its place and renamed into it when it
 * is whole: a build that is killed, and several at once, leave no half page. Never rejects.
 */
export async function buildWeb(options: WebBuildOptions): Promise<WebBuild> {
  const { root, anyway = false, vite = viteOf(root), niceness, begin = () => undefined, signal } = options
  const web = join(root, 'web')
  const place = join(web, 'dist')
  const notBuilt = (why: string, output = ''): WebBuild => ({ as: 'not built', why, output })
  let made: string | undefined
  try {
    if (!(await isThere(join(web, 'index.html')))) {
      // An image has the page alone.
      return (await isThere(join(place, 'index.html'))) ? { as: 'unchanged' } : notBuilt('its sources are not here')
    }
    const hash = await hashSources(root)
    if (!anyway && (await isBuilt(place, hash))) return { as: 'unchanged' }
    if (vite === undefined) return notBuilt('Vite is not installed (npm ci, without --omit=dev)')
    await removeLeftovers(web)
    made = await mkdtemp(`${place}.new-`)
    begin()
    const { code, output } = await run(
      process.execPath,
      [vite, 'build', web, '--outDir', made, '--emptyOutDir', '--logLevel', 'warn'],
      { cwd: web, seconds: LONGEST, niceness, signal },
    )
    if (code !== 0) return notBuilt(code === null ? `Vite did not end within ${LONGEST} s` : 'Vite failed', output)
    if (!(await isThere(join(made, 'index.html')))) return notBuilt('Vite made no index.html', output)
    await writeFile(join(made, MARK), `${hash}\n`)
    // Not for this user alone, as a temporary directory is: the service may run as another.
    await chmod(made, 0o755)
    // Another start may have built the same in the meantime.
    if (anyway || !(await isBuilt(place, hash))) await putInPlace(made, place)
    return { as: 'built' }
  } catch (error) {
    return notBuilt(`${web} can't be read or written (${reason(error)})`)
  } finally {
    if (made !== undefined) await removed(made)
  }
}

async function isBuilt(place: string, hash: string): Promise<boolean> {
  const mark = await readFile(join(place, MARK), 'utf8').catch(() => '')
  return mark.trim() === hash && isThere(join(place, 'index.html'))
}

/** A directory can't be renamed over another: what is there goes aside first. */
async function putInPlace(made: string, place: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(made, place)
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (!['ENOTEMPTY', 'EEXIST'].includes(code) || attempt === TRIES) throw error
    }
    const old = `${made.replace('.new-', '.old-')}-${attempt}`
    await rename(place, old).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
    await removed(old)
  }
}

async function removeLeftovers(web: string): Promise<void> {
  for (const name of (await readdir(web)).filter((name) => /^dist\.(new|old)-/.test(name))) {
    const path = join(web, name)
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    )
    if (age > LEFT_BEHIND) await removed(path)
  }
}

/** Whoever was just killed may have written once more. */
const removed = (path: string) => rm(path, { recursive: true, force: true, maxRetries: 3 })

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Undefined where it is not installed. */
function viteOf(root: string): string | undefined {
  try {
    return join(dirname(createRequire(join(root, 'package.json')).resolve('vite/package.json')), 'bin/vite.js')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

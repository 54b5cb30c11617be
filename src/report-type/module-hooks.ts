import { createHash } from 'node:crypto'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Lets Node load report files from text: a report runs the definition that it was accepted with, which may differ from the
 * file on disk by now. `broadsheet/define` is found from any directory; relative imports are those of the reports directory.
 */

const DEFINE = new URL('./define.ts', import.meta.url).href
const MARK = 'broadsheet-kept'
/** Text by URL; Node keeps each module that it has loaded anyway. */
const kept = new Map<string, string>()
let registered = false

/**
 * Node's own import(). Written in a module that nobody compiles, because a runner that rewrites import() into a loader of its
 * own (as test runners do) goes past the hooks.
 */
const IMPORTER = 'data:text/javascript,export const load = (url) => import(url)'

/** Runs what urlOfText has given the URL of, once for each text. */
export async function importText(url: string): Promise<{ default?: unknown }> {
  const importer = (await import(/* @vite-ignore */ IMPORTER)) as { load(url: string): Promise<{ default?: unknown }> }
  return importer.load(url)
}

/** The URL under which Node loads this text. */
export function urlOfText(name: string, text: string, directory: string): string {
  if (!registered) register()
  registered = true
  const url = new URL(pathToFileURL(join(directory, `${name}.ts`)))
  url.searchParams.set(MARK, createHash('sha256').update(text).digest('hex'))
  kept.set(url.href, text)
  return url.href
}

function register(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'broadsheet/define') return { url: DEFINE, shortCircuit: true }
      if (kept.has(specifier)) return { url: specifier, shortCircuit: true }
      return next(specifier, context)
    },
    load(url, context, next) {
      const source = kept.get(url)
      return source === undefined ? next(url, context) : { format: 'module-typescript', source, shortCircuit: true }
    },
  })
}

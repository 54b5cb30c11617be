import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What the page is made of, from the root of the checkout: its sources, the client, how they are compiled, and the versions of its libraries. */
const SOURCES = ['web', 'client', 'tsconfig.json', 'package-lock.json']
/** What is made from it, and what is not ours. */
const LEFT_OUT = /^(dist(\..*)?|node_modules)$/

/** A hash over all that the page is made of. Another one: it has to be built anew. */
export async function hashSources(root: string): Promise<string> {
  const hash = createHash('sha256')
  for (const path of (await Promise.all(SOURCES.map((source) => filesBelow(root, source)))).flat().toSorted()) {
    const content = createHash('sha256').update(await readFile(join(root, path)))
    hash.update(`${path}\0${content.digest('hex')}\n`)
  }
  return hash.digest('hex')
}

/** The path itself where it is a file; nothing where there is none. */
async function filesBelow(root: string, path: string): Promise<string[]> {
  try {
    const entries = await readdir(join(root, path), { withFileTypes: true })
    const found = entries
      .filter(({ name }) => !LEFT_OUT.test(name))
      .map(async (entry) => {
        const below = `${path}/${entry.name}`
        return entry.isDirectory() ? filesBelow(root, below) : entry.isFile() ? [below] : []
      })
    return (await Promise.all(found)).flat()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR') return [path]
    if (code === 'ENOENT') return []
    throw error
  }
}

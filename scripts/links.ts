import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'

const LEFT_OUT = new Set(['node_modules', '.git', '.data', 'downloads', 'coverage', 'dist'])

/** Links of all Markdown files below the directory that lead to no file, or to no heading: "docs/x.md:12: ../y.md#z". */
export async function brokenLinks(directory: string): Promise<string[]> {
  const broken: string[] = []
  for await (const file of markdownFiles(directory)) {
    for (const { target, line } of linksOf(await readFile(file, 'utf8'))) {
      if (!(await leadsSomewhere(file, target))) broken.push(`${relative(directory, file)}:${line}: ${target}`)
    }
  }
  return broken
}

async function* markdownFiles(directory: string): AsyncGenerator<string> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (LEFT_OUT.has(entry.name)) continue
    const path = join(directory, entry.name)
    if (entry.isDirectory()) yield* markdownFiles(path)
    else if (entry.name.endsWith('.md')) yield path
  }
}

/** Links and images, with the lines they stand on; what stands in code is none. Addresses of the web are not looked at. */
function linksOf(text: string): { target: string; line: number }[] {
  return withoutCode(text)
    .split('\n')
    .flatMap((content, index) =>
      [...content.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => ({ target: target as string, line: index + 1 })),
    )
    .filter(({ target }) => !/^[a-z]+:/.test(target))
}

async function leadsSomewhere(from: string, target: string): Promise<boolean> {
  const [path = '', anchor] = target.split('#')
  const to = path === '' ? from : resolve(dirname(from), decodeURIComponent(path))
  const found = await stat(to).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  })
  if (found === null || anchor === undefined) return found !== null
  return found.isFile() && headingsOf(await readFile(to, 'utf8')).includes(anchor)
}

/** As GitHub makes anchors: lower case, punctuation gone, blanks become hyphens. */
function headingsOf(text: string): string[] {
  return [...withoutFences(text).matchAll(/^#{1,6} +(.+?)\s*$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  )
}

/** Blank, with every line break kept, so that lines keep their numbers. */
function withoutFences(text: string): string {
  return text.replaceAll(/^( *)(```|~~~)[^]*?^\1\2\s*$/gm, (code) => code.replaceAll(/[^\n]/g, ''))
}

function withoutCode(text: string): string {
  return withoutFences(text).replaceAll(/`[^`\n]+`/g, '')
}

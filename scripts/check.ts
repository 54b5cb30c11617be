import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brokenLinks } from './links.ts'

/**
 * `npm run check [-- step ...]`: all that can be told without running the service. Every step runs, also after one that
 * failed; exit code 1 when any did. Nothing in the checkout is written.
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Resolves to what is to be mended; empty: the step is green. */
type Step = () => Promise<string>

const STEPS: Readonly<Record<string, Step>> = {
  format: () => program('oxfmt', '--check'),
  lint: () => program('oxlint', '--type-aware', '--quiet'),
  types: () => program('tsc', '--noEmit', '-p', '.'),
  page: () => program('tsc', '--noEmit', '-p', 'web'),
  schema: () => drift(),
  release: () => program(process.execPath, join(ROOT, 'scripts/schema-diff.ts')),
  documents: () => program(process.execPath, join(ROOT, 'codegen.ts'), '--check'),
  'dead code': () => program('knip', '--no-progress', '--no-config-hints'),
  docs: async () => (await brokenLinks(ROOT)).map((link) => `broken link: ${link}`).join('\n'),
}

/** Output of a program that failed; npm puts node_modules/.bin on PATH. */
async function program(name: string, ...args: string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = spawn(name, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.on('error', reject)
  child.on('close', (code) =>
    resolve(code === 0 ? '' : output.trim() || `${name} ended with code ${code} and said nothing`),
  )
  return promise
}

/** The printed schema, made anew beside the checkout and compared. */
async function drift(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-check-'))
  try {
    const printed = join(directory, 'schema.graphql')
    const failure = await program(process.execPath, join(ROOT, 'scripts/print-schema.ts'), printed)
    if (failure !== '') return failure
    const [now, kept] = await Promise.all([
      readFile(printed, 'utf8'),
      readFile(join(ROOT, 'schema/schema.graphql'), 'utf8'),
    ])
    return now === kept
      ? ''
      : `schema/schema.graphql is not what the code says (${firstDifference(kept, now)}): npm run codegen`
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function firstDifference(kept: string, now: string): string {
  const [before, after] = [kept.split('\n'), now.split('\n')]
  const line = after.findIndex((text, index) => text !== before[index])
  return line < 0
    ? `line ${after.length + 1} is gone`
    : `line ${line + 1}: "${before[line] ?? ''}" would be "${after[line]}"`
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in STEPS))
if (unknown.length > 0)
  throw new RangeError(`There is no step ${unknown.join(', ')}: ${Object.keys(STEPS).join(', ')}.`)
for (const [name, step] of Object.entries(STEPS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const began = performance.now()
  const faults = await step()
  const seconds = ((performance.now() - began) / 1_000).toFixed(1)
  process.stdout.write(`${faults === '' ? 'ok  ' : 'FAIL'} ${name.padEnd(10)} ${seconds} s\n`)
  if (faults === '') continue
  process.stdout.write(`${faults}\n\n`)
  process.exitCode = 1
}

import { execFile } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Of the package for CSV; those of another subject have one below. */
export const DIRECTORY = fileURLToPath(new URL('../oracles/', import.meta.url))
const LONGEST_INSTALL = 120_000

/** Other people's CSV parsers: records of text cells; and what others hold an OpenAPI document to be. */
export interface Oracles {
  csvParse(text: string): string[][]
  papaparse(text: string): string[][]
  /** What is wrong with an OpenAPI document by the specification's own JSON Schema. */
  openApi(document: object): Promise<unknown[]>
  /** A server of DynamoDB's protocol, in memory, that does not listen yet. */
  dynalite(): Server
}

/** Parsers that know nothing of this service, from a package of their own; installed on first use. */
export async function oracles(): Promise<Oracles> {
  await installOracles()
  const load = createRequire(`${DIRECTORY}package.json`)
  const { parse } = load('csv-parse/sync') as { parse(text: string, options: object): string[][] }
  const papa = load('papaparse') as {
    parse(text: string, options: object): { data: string[][]; errors: { message: string }[] }
  }
  interface Validator {
    validate(document: object): Promise<{ valid: boolean; errors?: unknown[] }>
  }
  const { Validator } = load('@seriousme/openapi-schema-validator') as { Validator: new () => Validator }
  const dynalite = load('dynalite') as (options: object) => Server
  return {
    dynalite: () => dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 }),
    async openApi(document) {
      const { valid, errors } = await new Validator().validate(structuredClone(document))
      return valid ? [] : [errors].flat()
    },
    csvParse: (text) => parse(text, { bom: true }),
    papaparse(text) {
      const { data, errors } = papa.parse(text.replace(/^\uFEFF/, ''), { delimiter: ',', skipEmptyLines: false })
      if (errors[0]) throw new Error(errors[0].message)
      return data.at(-1)?.length === 1 && data.at(-1)?.[0] === '' ? data.slice(0, -1) : data
    },
  }
}

/** Other people's packages, in the node_modules of the directory. */
export async function installOracles(directory: string = DIRECTORY): Promise<void> {
  if (!(await installed(directory))) await install(directory)
}

/** npm writes its own record of what is installed last; it lags behind the lock file after a change of versions. */
async function installed(directory: string): Promise<boolean> {
  const versions = async (path: string) => {
    const { packages } = JSON.parse(await readFile(directory + path, 'utf8')) as {
      packages: Record<string, { version?: string; optional?: true }>
    }
    // What is optional is for one platform, and the lock file names those of all.
    return Object.entries(packages)
      .filter(([name, { optional }]) => name !== '' && !optional)
      .map(([name, { version }]) => `${name}@${version}`)
      .join()
  }
  try {
    return (await versions('node_modules/.package-lock.json')) === (await versions('package-lock.json'))
  } catch (error) {
    // Not there yet, or being written by npm in another process.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return false
    throw error
  }
}

/** One process installs; the others look again until it is done. */
async function install(directory: string): Promise<void> {
  const lock = `${directory}.installing`
  const deadline = Date.now() + LONGEST_INSTALL
  while (Date.now() < deadline) {
    try {
      await mkdir(lock)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      await new Promise((again) => setTimeout(again, 200))
      if (await installed(directory)) return
      continue
    }
    try {
      await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], { cwd: directory, timeout: LONGEST_INSTALL })
      return
    } finally {
      await rm(lock, { recursive: true })
    }
  }
  throw new Error(
    `The oracles of ${directory} could not be installed in two minutes: remove .installing there and try again.`,
  )
}

import { extname } from 'node:path'
import { Refusal, ReportFailed, StartupError } from '../src/errors.ts'
import { COMPRESSIONS, type CompressionName } from '../src/document/compression.ts'
import { FORMATS } from '../src/formats/index.ts'
import type { Format } from '../src/formats/format.ts'
import type { Json, Parameter } from '../src/report-type/define.ts'
import { camelCase, hint } from '../src/report-type/names.ts'
import type { ReportType } from '../src/report-type/report-type.ts'

/** What an author's line asks for, of which the type itself checks the parameters. */
export interface Command {
  readonly out: string | null
  readonly timeZone: string
  readonly shape: { readonly format: Format['name']; readonly compression: CompressionName }
  /** By their names in GraphQL. */
  readonly parameters: { readonly [name: string]: Json }
}

/** `--start-date today --region EU --out file.csv.gz`. Throws StartupError with all that is wrong. */
export function readCommand(type: ReportType, words: readonly string[]): Command | 'help' {
  const faults: string[] = []
  const parameters: Record<string, Json> = {}
  let out: string | null = null
  let timeZone = 'UTC'
  const known = [...type.parameters.map(({ name }) => flagOf(name)), '--out', '--time-zone', '--help']
  for (let at = 0; at < words.length; at++) {
    const [, flag = words[at]!, inline] = /^(--[^=]+)=([^]*)$/.exec(words[at]!) ?? []
    if (flag === '--help') return 'help'
    const parameter = type.parameters.find(
      ({ name }) => flagOf(name) === flag || flagOf(name) === flagOf(flag.slice(2)),
    )
    if (!parameter && flag !== '--out' && flag !== '--time-zone') {
      faults.push(`${flag} is not known to ${type.name}.${hint(flag, known)}`)
      continue
    }
    const value = inline ?? (words[at + 1]?.startsWith('--') === false ? words[++at] : undefined)
    if (value === undefined && parameter?.type !== 'Boolean') faults.push(`${flag} needs a value.`)
    else if (flag === '--out') out = value!
    else if (flag === '--time-zone') timeZone = value!
    else
      parameters[camelCase(parameter!.name)] = read(parameter!, value ?? 'true', parameters[camelCase(parameter!.name)])
  }
  if (!isZone(timeZone)) faults.push(`--time-zone "${timeZone}" is not known: write e.g. Europe/Vilnius.`)
  const shape = shapeOf(out, faults)
  if (faults.length > 0) throw new StartupError(faults)
  return { out, timeZone, shape: shape!, parameters }
}

/** Where no type is named: which there are; for one, what it takes. */
export function usage(types: readonly ReportType[], name: string | undefined): string {
  const [only] = types
  if (!only || types.length !== 1 || only.name !== name) {
    const names = types.map((type) => type.name)
    const unknown =
      name === undefined || name === '--help' ? '' : `There is no report type "${name}".${hint(name, names)}\n`
    return `${unknown}npm run report -- NAME --param value --out file.csv\n${types.map((type) => `  ${type.name.padEnd(28)} ${type.title}`).join('\n')}`
  }
  const lines = only.parameters.map(({ name: parameter, type, list, required, description = '' }) => {
    const kind = `${list ? 'list of ' : ''}${type === 'Upload' ? 'path of a file' : type}${required ? ', required' : ''}`
    return `  ${flagOf(parameter).padEnd(20)} ${kind.padEnd(26)} ${description}`.trimEnd()
  })
  return [
    `npm run report -- ${only.name} --out file.csv`,
    only.title,
    ...lines,
    `  ${'--out'.padEnd(20)} the ending says the format: ${FORMATS.map(({ extension }) => extension).join(', ')}; with .gz or .zst behind it`,
    `  ${'--time-zone'.padEnd(20)} UTC unless told`,
  ].join('\n')
}

/** What an author is to read of it: plain lines where it was foreseen, else the error as it is. */
export function authorsErrors(error: unknown): unknown {
  if (error instanceof Refusal)
    return new StartupError(
      error.userErrors.map(
        // Without a server there are no uploads.
        ({ field, message }) =>
          `${flagOf(field?.[0] ?? '')}: ${message.replace('the id of an upload', 'the path of a file')}`,
      ),
    )
  if (error instanceof ReportFailed) return new StartupError([`${error.code}: ${error.message}`])
  if (error instanceof Error && error.name === 'ReportError') {
    const { code, retryable } = error as unknown as { code: string; retryable: boolean }
    return new StartupError([`${code}: ${error.message}${retryable ? ' (the service would try again)' : ''}`])
  }
  return error
}

const flagOf = (name: string) =>
  `--${name.replaceAll('_', '-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** A list is given by saying its flag again. What can't be read stays text: the type says what is wrong with it. */
function read({ type, list }: Parameter, text: string, before: Json | undefined): Json {
  const isNumber = (type === 'Int' || type === 'Float') && text.trim() !== '' && !Number.isNaN(Number(text))
  const one: Json = isNumber ? Number(text) : type === 'Boolean' && /^(true|false)$/.test(text) ? text === 'true' : text
  return list ? [...(Array.isArray(before) ? before : []), one] : one
}

function shapeOf(out: string | null, faults: string[]): Command['shape'] | null {
  const path = out ?? 'x.csv'
  const compression = COMPRESSIONS.find(({ extension }) => extension !== '' && path.endsWith(`.${extension}`))
  const inner = compression ? path.slice(0, -compression.extension.length - 1) : path
  const format = FORMATS.find(({ extension }) => extname(inner).toLowerCase() === `.${extension}`)
  if (format) return { format: format.name, compression: compression?.name ?? 'NONE' }
  faults.push(
    `--out ${path}: the ending says the format: ${FORMATS.map(({ extension }) => `.${extension}`).join(', ')}.`,
  )
  return null
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

import { WrongUse } from './outcome.ts'

/** What the API says of a report type's parameter: `startDate`, `DateExpression!`. */
export interface DeclaredParameter {
  readonly name: string
  readonly type: string
}

/** `{ given: "startDate", text: "today" }`; text null: the flag stood alone. */
interface Given {
  readonly given: string
  readonly text: string | null
}

/**
 * Parameters of a request from the command line: `--param startDate=today`, `--start-date today`, `--start-date=today`; a Boolean
 * also as `--active` and `--no-active`; a list by saying it again, or as JSON. Names in any spelling. What a value must be the service
 * judges: here numbers, Booleans and JSON only become what JSON has for them. Throws WrongUse for a name that the type does not have.
 */
export function readParameters(
  type: string,
  declared: readonly DeclaredParameter[],
  { params, flags }: { params: readonly string[]; flags: readonly string[] },
): Record<string, unknown> {
  const byName = new Map(declared.map((parameter) => [bare(parameter.name), parameter]))
  const find = (given: string): DeclaredParameter => {
    const parameter = byName.get(bare(given))
    if (parameter) return parameter
    const names = declared.map(({ name }) => name).join(', ')
    throw new WrongUse(`${type} has no parameter "${given}". ${names ? `It has: ${names}.` : 'It has none.'}`)
  }
  const values: Record<string, unknown> = {}
  for (const { given, text } of [...params.map(fromParam), ...fromFlags(flags, byName)]) {
    const { name, type: wanted } = find(given)
    const value = valueOf(text, wanted, given)
    if (!wanted.startsWith('[')) {
      if (name in values) throw new WrongUse(`${given} is given twice, and is no list.`)
      values[name] = value
    } else
      values[name] = [...((values[name] as unknown[] | undefined) ?? []), ...(Array.isArray(value) ? value : [value])]
  }
  return values
}

/** startDate, start_date and start-date are one name. */
function bare(name: string): string {
  return name.replaceAll(/[-_]/g, '').toLowerCase()
}

function fromParam(param: string): Given {
  const at = param.indexOf('=')
  if (at < 1) throw new WrongUse(`--param takes name=value, and not "${param}".`)
  return { given: param.slice(0, at), text: param.slice(at + 1) }
}

function* fromFlags(flags: readonly string[], byName: ReadonlyMap<string, DeclaredParameter>): Generator<Given> {
  const isBoolean = (name: string) => /^Boolean!?$/.test(byName.get(bare(name))?.type ?? '')
  for (let index = 0; index < flags.length; index += 1) {
    const flag = flags[index] as string
    if (!flag.startsWith('--')) throw new WrongUse(`"${flag}" belongs to no parameter.`)
    const [, name = '', text] = /^--([^=]+)(?:=([^]*))?$/.exec(flag) ?? []
    const next = flags[index + 1]
    if (text !== undefined) yield { given: name, text }
    else if (name.startsWith('no-') && isBoolean(name.slice(3))) yield { given: name.slice(3), text: 'false' }
    else if (isBoolean(name) && next !== 'true' && next !== 'false') yield { given: name, text: null }
    else {
      // After the name, so that one that is not known is told as such.
      if (next === undefined && byName.has(bare(name))) throw new WrongUse(`--${name} needs a value.`)
      yield { given: name, text: next ?? '' }
      index += 1
    }
  }
}

function valueOf(text: string | null, type: string, given: string): unknown {
  if (text === null) return true
  if (type.startsWith('[')) {
    if (!text.startsWith('[')) return valueOf(text, type.slice(1), given)
    try {
      return JSON.parse(text)
    } catch (error) {
      throw new WrongUse(`${given} begins like a list and is no JSON: ${(error as Error).message}`)
    }
  }
  const [scalar] = /^\w+/.exec(type) ?? []
  if (scalar === 'Boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if (scalar === 'Int' && /^-?\d{1,15}$/.test(text)) return Number(text)
  if (scalar === 'Float' && /^-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return Number(text)
  return text
}

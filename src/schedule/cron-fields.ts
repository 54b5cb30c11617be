import { CadenceError } from './cadence-error.ts'

/** One of the five fields, as people may write it. */
interface Field {
  readonly name: string
  readonly low: number
  readonly high: number
  /** From `low` on. */
  readonly names?: readonly string[]
  /** What an item may be beside *, numbers, ranges and steps; a name counts as its number. */
  readonly special?: RegExp
}

const FIELDS: readonly Field[] = [
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day of month', low: 1, high: 31, special: /^(?:LW?|(?:0?[1-9]|[12]\d|3[01])W)$/ },
  { name: 'month', low: 1, high: 12, names: 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ') },
  { name: 'day of week', low: 0, high: 7, names: 'SUN MON TUE WED THU FRI SAT'.split(' '), special: /^[0-7](?:L|#[1-5])$/ },
] // prettier-ignore

const EXAMPLE = 'Write five fields (minute, hour, day of month, month, day of week), e.g. "30 9 * * MON-FRI".'
const LONGEST = 300

/**
 * The five fields with names as numbers; a field that takes every value, also by a step of 1 or in a list, is "*".
 * Throws CadenceError, at ["cron"], for all that is not one of five fields; whether it ever comes is not looked at.
 */
export function readFields(expression: string): string[] {
  const text = expression.trim()
  if (text.length > LONGEST)
    throw wrong(`A cron expression has at most ${LONGEST} characters; this has ${text.length}.`)
  if (text.startsWith('@')) throw wrong(`"${text}" is a nickname: write a preset such as DAILY, or five fields.`)
  const parts = text === '' ? [] : text.split(/\s+/)
  if (parts.length === 6 || parts.length === 7)
    throw wrong(`"${text}" has ${parts.length} fields: there are no seconds and no years. ${EXAMPLE}`)
  if (parts.length !== 5) throw wrong(`"${text}" has ${parts.length} field${parts.length === 1 ? '' : 's'}. ${EXAMPLE}`)
  return FIELDS.map((field, index) => readField(field, parts[index]!))
}

function readField(field: Field, text: string): string {
  const items = text.split(',').map((item) => readItem(field, item))
  if (items.length > 1 && items.includes('LW')) throw wrongItem(field, text, 'LW stands alone')
  // Every value and some others are every value; and "*" restricts no day, as "1-31" would.
  return items.includes('*') ? '*' : items.join(',')
}

function readItem(field: Field, item: string): string {
  const numbered = withNumbers(field, item.toUpperCase())
  if (numbered === '*' || field.special?.test(numbered)) return numbered
  const [, all, first, last, step] = /^(?:(\*)|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(numbered) ?? []
  if (all === undefined && first === undefined) throw wrongItem(field, item, whatItMayBe(field, item))
  for (const value of [first, last]) {
    if (value !== undefined && (Number(value) < field.low || Number(value) > field.high))
      throw wrongItem(field, item, `it goes from ${field.low} to ${field.high}`)
  }
  if (last !== undefined && Number(first) > Number(last))
    throw wrongItem(field, item, 'a range goes upwards: write two, with a comma')
  if (step === undefined) return numbered
  const most = field.high - field.low + (field.low === 0 && field.high === 7 ? 0 : 1)
  if (Number(step) < 1 || Number(step) > most) throw wrongItem(field, item, `a step is 1 to ${most}`)
  if (all === undefined && last === undefined)
    throw wrongItem(field, item, `a step needs a range: write "${item.replace('/', `-${field.high}/`)}"`)
  return all !== undefined && Number(step) === 1 ? '*' : numbered
}

/** "MON-SUN" to "1-7": a week that ends with its Sunday. */
function withNumbers({ names, low }: Field, item: string): string {
  if (!names) return item
  // A name stands alone, or JANFEB would be 12.
  const numbered = item.replaceAll(/(?<![A-Z\d/#])[A-Z]{3}(?![A-KM-Z\d])/g, (name) => {
    const index = names.indexOf(name)
    return index < 0 ? name : String(index + low)
  })
  return low === 0 ? numbered.replace(/^([1-6])-0(?=\/|$)/, '$1-7') : numbered
}

function whatItMayBe({ name, names, low, high }: Field, item: string): string {
  if (item.includes('?')) return 'write * for "any"'
  if (name === 'day of month')
    return 'it takes numbers, lists, ranges and steps, L (the last day), LW (the last weekday) and 15W (the weekday nearest the 15th)'
  if (name === 'day of week')
    return 'it takes SUN to SAT or 0 to 7, lists, ranges and steps, FRIL (the last Friday) and FRI#2 (the second Friday)'
  return `it takes ${names ? `${names[0]} to ${names.at(-1)} or ` : ''}${low} to ${high}, lists, ranges and steps such as */2`
}

function wrongItem(field: Field, item: string, remedy: string): CadenceError {
  return wrong(`"${item}" is no ${field.name}: ${remedy}.`)
}

function wrong(message: string): CadenceError {
  return new CadenceError(message, ['cron'])
}

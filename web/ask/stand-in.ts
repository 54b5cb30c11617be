import { bareType, isDate, isList, type Parameter } from './values.ts'

/**
 * The same parameters with what is wrong or missing left out, or replaced where it is required: so that the others can be told
 * what they come to while one is still being typed. Null where nothing can stand for what is missing (a file).
 */
export function withStandIns(
  parameters: readonly Parameter[],
  given: Readonly<Record<string, unknown>>,
  wrong: readonly string[],
): Record<string, unknown> | null {
  const right = parameters.filter(({ name }) => !wrong.includes(name))
  const kept = Object.fromEntries(right.filter(({ name }) => name in given).map(({ name }) => [name, given[name]]))
  const missing = parameters.filter(({ name, required }) => required && wrong.includes(name))
  for (const parameter of missing) {
    const value = standIn(parameter, right, given)
    if (value === undefined) return null
    kept[parameter.name] = isList(parameter) ? [value] : value
  }
  return kept
}

/** The end of a period may not lie before its start: where there is a date, it is the one for both. */
function standIn(parameter: Parameter, right: readonly Parameter[], given: Readonly<Record<string, unknown>>): unknown {
  const [value] = parameter.values ?? []
  if (value !== undefined) return value
  if (!isDate(parameter)) return bareType(parameter) === 'Boolean' ? false : undefined
  const alike = right.find((one) => !isList(one) && bareType(one) === bareType(parameter) && one.name in given)
  if (alike) return given[alike.name]
  return bareType(parameter) === 'DateExpression' ? 'today' : undefined
}

/** For a schedule that is not there yet its slots are taken for the moment that it is. */
export function asIfNow(parameters: readonly Parameter[], given: Readonly<Record<string, unknown>>) {
  const now = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(now)
      : typeof value === 'string'
        ? value.replace(/^(\{\{\s*)?(?:last_)?slot\b/, '$1now')
        : value
  const dates = new Set(parameters.filter((one) => bareType(one) === 'DateExpression').map(({ name }) => name))
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, dates.has(name) ? now(value) : value]))
}

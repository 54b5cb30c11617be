import { nameWords } from '../report/words.ts'

/** Where in a form something is wrong: `path` leads on from the part of the form that it is told to. */
export interface FieldError {
  readonly path: readonly string[]
  readonly message: string
}
interface UserError {
  readonly field: readonly string[] | null
  readonly message: string
}

/**
 * userErrors as a form needs them: paths begin below `input`, and all parameters are below `parameters`, whether the type was
 * asked for by its name or by a field of its own.
 */
export function fieldErrors(userErrors: readonly UserError[]): FieldError[] {
  return userErrors.map(({ field, message }) => ({ path: formPath(field ?? []), message }))
}

function formPath(field: readonly string[]): readonly string[] {
  const path = field[0] === 'input' ? field.slice(1) : field
  if (path[0] !== 'report') return path
  if (path[1] === 'byName') return path[2] === 'parameters' ? path.slice(2) : ['report']
  return path.length > 2 ? ['parameters', ...path.slice(2)] : ['report']
}

/** Those at `name` and below it, their paths from there on. */
export function below(errors: readonly FieldError[], name: string): FieldError[] {
  return errors.filter(({ path }) => path[0] === name).map(({ path, message }) => ({ path: path.slice(1), message }))
}

/** What to write at one field, undefined where nothing is wrong; `items`: what stands in it, where it is a list. */
export function messageOf(errors: readonly FieldError[], items: readonly string[] = []): string | undefined {
  if (errors.length === 0) return undefined
  return errors
    .map(({ path, message }) => {
      const item = items[Number(path[0])]
      return path[0] === undefined || item === undefined ? message : `“${item}”: ${message}`
    })
    .join(' ')
}

/** What is wrong with no field of these: for above the form. */
export function elsewhere(errors: readonly FieldError[], fields: readonly string[]): string[] {
  return errors.filter(({ path }) => !fields.includes(path[0] ?? '')).map(({ message }) => message)
}

/**
 * "startDate must be ..." → "Must be ...": beside its field the name says nothing; and other parameters by what stands above their
 * fields: "endDate (...) is before startDate" → "End date (...) is before Start date".
 */
export function inFormWords(message: string, name: string, names: readonly string[]): string {
  const rest = message.startsWith(`${name} `) ? message.slice(name.length + 1) : ''
  const said = /^[a-z]/.test(rest) ? rest.charAt(0).toUpperCase() + rest.slice(1) : message
  // A name of one word may be a word of the sentence.
  return said.replaceAll(/\b[a-z]+[A-Z]\w*/g, (word) => (names.includes(word) ? nameWords(word) : word))
}

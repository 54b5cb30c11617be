import { Refusal, type UserError, type UserErrorCode } from '../src/errors.ts'
import { builder } from './builder.ts'
import { meanings } from './meanings.ts'

export const USER_ERROR_CODES = [
  'INVALID',
  'REQUIRED',
  'NOT_FOUND',
  'FORBIDDEN',
  'CONFLICT',
  'LIMIT_REACHED',
  'IDEMPOTENCY_KEY_REUSED',
  'NOT_CANCELABLE',
  'NOT_RETRYABLE',
] as const satisfies readonly UserErrorCode[]

builder.enumType('UserErrorCode', {
  description: 'What is wrong, for programs. It grows: accept values you do not know.',
  values: meanings(USER_ERROR_CODES, {
    INVALID: 'The value is not acceptable; the message says what is.',
    REQUIRED: 'Nothing was given.',
    NOT_FOUND: 'There is no such object, or it is not yours to see.',
    FORBIDDEN: 'It is there, but not for you to do.',
    CONFLICT: 'It clashes with what is there, as it is now.',
    LIMIT_REACHED: 'As many as may be are there already.',
    IDEMPOTENCY_KEY_REUSED: 'The key was used for another input.',
    NOT_CANCELABLE: 'The report has ended.',
    NOT_RETRYABLE: 'It has not failed.',
  }),
})

/** One entry of `userErrors`. */
export const UserErrorRef = builder.objectRef<UserError>('UserError').implement({
  description: 'What the caller can mend.',
  fields: (t) => ({
    field: t.exposeStringList('field', {
      nullable: { list: true, items: false },
      description: 'The path into the input: ["report", "sales", "endDate"], or ["id"].',
    }),
    message: t.exposeString('message', { description: 'For a person: what is wrong, and the remedy.' }),
    code: t.field({
      type: 'UserErrorCode' as never,
      resolve: (error) => error.code as never,
      description: 'For programs.',
    }),
  }),
})

/** What a mutation answers: its object, or why not. */
export interface Outcome<T> {
  object: T | null
  userErrors: readonly UserError[]
}

/** Runs a verb; a Refusal becomes userErrors (with the object as it stands, where it says "not now"), anything else is an error of the operation. */
export async function outcomeOf<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { object: await work(), userErrors: [] }
  } catch (error) {
    if (error instanceof Refusal) return { object: error.object as T | null, userErrors: error.userErrors }
    throw error
  }
}

/** What a mutation on several objects answers. */
export interface Outcomes<T> {
  objects: T[]
  userErrors: readonly UserError[]
}

/** Objects that one mutation may name. */
const MOST_AT_ONCE = 100

/** Runs a verb on each id, one after another; what is refused names its id in the path. An id that is named twice is done once. */
export async function outcomesOf<T>(ids: readonly string[], verb: (id: string) => Promise<T>): Promise<Outcomes<T>> {
  if (ids.length > MOST_AT_ONCE)
    return {
      objects: [],
      userErrors: [
        { field: ['ids'], code: 'INVALID', message: `At most ${MOST_AT_ONCE} at once; you gave ${ids.length}.` },
      ],
    }
  const objects: T[] = []
  const userErrors: UserError[] = []
  for (const id of new Set(ids)) {
    const outcome = await outcomeOf(() => verb(id))
    userErrors.push(...outcome.userErrors.map((error) => ({ ...error, field: ['ids', id] })))
    if (outcome.object && outcome.userErrors.length === 0) objects.push(outcome.object)
  }
  return { objects, userErrors }
}

import type { EntityName, FilterQuery, QueryOrderMap } from '@mikro-orm/core'
import { BadInput } from '../errors.ts'
import { isStorableMoment } from '../storable.ts'
import { isUuid } from '../uuid.ts'
import type { EntityManager } from './orm.ts'

/** Relay's arguments: first or last, 20 by default, 100 at most. */
export interface PageArguments {
  first?: number | null | undefined
  after?: string | null | undefined
  last?: number | null | undefined
  before?: string | null | undefined
}

export interface Page<T> {
  edges: { cursor: string; node: T }[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
  /** Counts only when it is called. */
  totalCount(): Promise<number>
}

const USUAL = 20
const MOST = 100

/** One page by keyset: as fast at the end of a long list as at its start. Throws BadInput that names the argument. */
export async function readPage<T extends object>(
  em: EntityManager,
  entity: EntityName<T>,
  where: FilterQuery<T>,
  orderBy: QueryOrderMap<T>,
  page: PageArguments,
): Promise<Omit<Page<T>, 'totalCount'>> {
  const cursor = await em.findByCursor(entity, {
    where,
    orderBy: orderBy as never,
    ...checked(em, entity, orderBy, page),
    includeCount: false,
    disableIdentityMap: true,
  } as never)
  const edges = [...cursor].map((node) => ({ cursor: cursor.from(node as never), node: node as T }))
  return {
    edges,
    pageInfo: {
      hasNextPage: cursor.hasNextPage,
      hasPreviousPage: cursor.hasPrevPage,
      startCursor: cursor.startCursor,
      endCursor: cursor.endCursor,
    },
  }
}

function checked<T extends object>(
  em: EntityManager,
  entity: EntityName<T>,
  orderBy: QueryOrderMap<T>,
  { first, after, last, before }: PageArguments,
): Record<string, unknown> {
  for (const [name, value] of Object.entries({ first, last }))
    if (value != null && (value < 0 || value > MOST))
      throw new BadInput(`${name} is ${value}, but must be from 0 to ${MOST}: ask for the next page with "after".`)
  if (first != null && last != null) throw new BadInput('Give first or last, not both.')
  const { properties } = em.getMetadata().get(entity)
  const keys = (Object.keys(orderBy) as (keyof typeof properties)[]).map((key) => properties[key])
  for (const [name, value] of Object.entries({ after, before }))
    if (value != null && !isCursor(value, keys)) throw new BadInput(`${name} is not a cursor of this list.`)
  return {
    ...(last != null ? { last } : { first: first ?? USUAL }),
    ...(after != null && { after }),
    ...(before != null && { before }),
  }
}

interface Key {
  readonly runtimeType: string
  readonly primary?: boolean | undefined
  readonly nullable?: boolean | undefined
}

/** What the list gives as a cursor is base64url of a JSON array: a value for each key of the order. */
function isCursor(text: string, keys: readonly Key[]): boolean {
  try {
    const values: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return (
      Array.isArray(values) && values.length === keys.length && keys.every((key, index) => fits(key, values[index]))
    )
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

/** Whether Postgres would take the value: lists are ordered by moments, and then by id. */
function fits({ runtimeType, primary, nullable }: Key, value: unknown): boolean {
  if (value === null) return nullable === true
  if (typeof value !== 'string') return false
  if (runtimeType === 'Date') return isMoment(value)
  return !primary || isUuid(value)
}

function isMoment(text: string): boolean {
  const date = new Date(text)
  return isStorableMoment(date) && date.toISOString() === text
}

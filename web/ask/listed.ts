import type { ListedTypesQuery } from '../generated/graphql.ts'

export type Listed = ListedTypesQuery['reportTypes'][number]

/** Why it can't be asked for, in words; null where it can. */
export function whyNot({
  available,
  unavailableReason,
  viewerCanRequest,
}: Pick<Listed, 'available' | 'unavailableReason' | 'viewerCanRequest'>): string | null {
  if (!viewerCanRequest) return 'Your role may not ask for it.'
  return available ? null : `Not available now: ${unavailableReason ?? 'its source does not answer.'}`
}

/** Every word of the search, anywhere in what is said of the type. */
export function fits(
  { name, title, description }: Pick<Listed, 'name' | 'title' | 'description'>,
  search: string,
): boolean {
  const text = `${name} ${title} ${description ?? ''}`.toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

/** What can be asked for first, each part by its title. */
export const byUse = (one: Listed, other: Listed) =>
  Number(whyNot(one) !== null) - Number(whyNot(other) !== null) || one.title.localeCompare(other.title)

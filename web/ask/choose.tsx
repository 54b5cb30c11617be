import { useState } from 'preact/hooks'
import { addressOf } from '../address.ts'
import { ListedTypesDocument, type ListedTypesQuery } from '../generated/graphql.ts'
import { Notice } from '../parts/notice.tsx'
import { useReading } from '../session/reading.ts'

type Listed = ListedTypesQuery['reportTypes'][number]

/** What can be asked for; what can't be now says why. */
export function Choose() {
  const { found, failure } = useReading(ListedTypesDocument, {})
  const [search, setSearch] = useState('')
  const types = found?.reportTypes ?? []
  const fitting = types.filter((type) => fits(type, search)).toSorted(byUse)

  return (
    <section class="view choose">
      <header>
        <h1>Ask for a report</h1>
        <search>
          <label>
            <span class="hidden">Search report types</span>
            <input
              type="search"
              placeholder="Search report types"
              value={search}
              onInput={(event) => setSearch(event.currentTarget.value)}
            />
          </label>
        </search>
      </header>
      {failure && <Notice wrong>{failure.message}</Notice>}
      {found && types.length === 0 && (
        <p class="empty">There is nothing to ask for yet: a report type is a file in the reports folder.</p>
      )}
      {types.length > 0 && fitting.length === 0 && <p class="empty">No report type says “{search}”.</p>}
      <ul class="types" aria-busy={!found && !failure}>
        {fitting.map((type) => (
          <Type key={type.name} type={type} />
        ))}
      </ul>
    </section>
  )
}

function Type({ type }: { type: Listed }) {
  const { name, title, description, deprecated } = type
  const why = whyNot(type)
  return (
    <li class={why === null ? 'type' : 'type type-not'}>
      <h2>{why === null ? <a href={addressOf(['ask', name])}>{title}</a> : title}</h2>
      <code>{name}</code>
      {description !== null && <p>{description}</p>}
      {deprecated !== null && <p class="late">Not to be used any more: {deprecated}</p>}
      {why !== null && <p class="late">{why}</p>}
    </li>
  )
}

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
export function fits({ name, title, description }: Pick<Listed, 'name' | 'title' | 'description'>, search: string): boolean {
  const text = `${name} ${title} ${description ?? ''}`.toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

const byUse = (one: Listed, other: Listed) =>
  Number(whyNot(one) !== null) - Number(whyNot(other) !== null) || one.title.localeCompare(other.title)

import { useState } from 'preact/hooks'
import { addressOf } from '../address.ts'
import { ListedTypesDocument } from '../generated/graphql.ts'
import { Notice } from '../parts/notice.tsx'
import { useReading } from '../session/reading.ts'
import { byUse, fits, whyNot, type Listed } from './listed.ts'

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
      <ul class="type-cards" aria-busy={!found && !failure}>
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
    <li class={why === null ? 'type-card' : 'type-card type-card-not'}>
      <h2>{why === null ? <a href={addressOf(['ask', name])}>{title}</a> : title}</h2>
      <code>{name}</code>
      {description !== null && <p>{description}</p>}
      {deprecated !== null && <p class="late">Not to be used any more: {deprecated}</p>}
      {why !== null && <p class="late">{why}</p>}
    </li>
  )
}

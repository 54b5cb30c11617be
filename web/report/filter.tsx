import { useEffect, useRef, useState } from 'preact/hooks'
import { addressOf, go, useAddress } from '../address.ts'
import type { ReportFilter, ReportStatus } from '../generated/graphql.ts'
import { STATUSES, statusWord } from '../parts/status.tsx'
import { useReportTypes } from './types.ts'

/** Milliseconds after the last key until the list is asked for again. */
const TYPING = 250

/** The filter that the address names: reload, back and a bookmark keep it. */
export function useFilter(): ReportFilter {
  const { search } = useAddress()
  const [type, tag, text] = ['type', 'tag', 'text'].map((name) => search.get(name))
  const status = search.getAll('status').filter((one): one is ReportStatus => STATUSES.includes(one as ReportStatus))
  return {
    ...(status.length > 0 && { status }),
    ...(type && { type: [type] }),
    ...(tag && { tag }),
    ...(text && { titleContains: text }),
  }
}

export function FilterBar({ found }: { found: string }) {
  const { path, search } = useAddress()
  const types = useReportTypes()
  const chosen = search.getAll('status')
  const change = (name: string, values: readonly string[]) => {
    const next = new URLSearchParams(search)
    next.delete(name)
    for (const value of values) if (value !== '') next.append(name, value)
    go(addressOf(path, next), { replace: true })
  }

  return (
    <search class="filter">
      <Typed name="text" label="Title contains" hint="Search titles  ( / )" change={change} />
      <label>
        <span class="hidden">Report type</span>
        <select value={search.get('type') ?? ''} onChange={(event) => change('type', [event.currentTarget.value])}>
          <option value="">All types</option>
          {types.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <Typed name="tag" label="Tag" hint="Tag" change={change} />
      <div class="chips" role="group" aria-label="Status">
        {STATUSES.map((status) => (
          <button
            key={status}
            type="button"
            class="chip"
            aria-pressed={chosen.includes(status)}
            onClick={() =>
              change('status', chosen.includes(status) ? chosen.filter((one) => one !== status) : [...chosen, status])
            }
          >
            {statusWord(status)}
          </button>
        ))}
      </div>
      <span class="help found">{found}</span>
    </search>
  )
}

interface Typing {
  name: string
  label: string
  hint: string
  change: (name: string, values: readonly string[]) => void
}

function Typed({ name, label, hint, change }: Typing) {
  const { search } = useAddress()
  const asked = search.get(name) ?? ''
  const [typed, setTyped] = useState(asked)
  const sent = useRef(asked)
  const last = useRef(change)
  last.current = change
  useEffect(() => {
    if (typed === asked) return
    const later = setTimeout(() => {
      sent.current = typed
      last.current(name, [typed])
    }, TYPING)
    return () => clearTimeout(later)
  }, [typed])
  // Somebody else has changed the address: a link, the history. What came from here may be typed over already.
  useEffect(() => {
    if (asked === sent.current) return
    sent.current = asked
    setTyped(asked)
  }, [asked])

  return (
    <label class={`typed typed-${name}`}>
      <span class="hidden">{label}</span>
      <input
        type="search"
        name={name}
        placeholder={hint}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </label>
  )
}

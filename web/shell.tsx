import type { ComponentType } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { addressOf, useAddress } from './address.ts'
import { useStore } from './api/store.ts'
import { Ask } from './ask/ask.tsx'
import { Operations } from './operations/operations.tsx'
import { Reports } from './report/reports.tsx'
import { Schedules } from './schedule/schedules.tsx'
import { signOut } from './session/session.ts'
import { useMay, useSigned } from './session/viewer.tsx'

/** What stands around every view: where one is, whether the page is live, and who looks. */
export function Shell() {
  const { viewer, connection } = useSigned()
  const { path } = useAddress()
  const may = useMay()
  const line = useStore(connection.line)
  const [place = 'reports'] = path
  const places = [
    { name: 'reports', words: 'Reports', shown: may.readReports },
    { name: 'ask', words: 'Ask', shown: may.ask },
    { name: 'schedules', words: 'Schedules', shown: may.readSchedules },
    { name: 'operations', words: 'Operations', shown: may.operate },
  ]

  const words = places.find(({ name }) => name === place)?.words
  useEffect(() => void (document.title = words === undefined ? 'Broadsheet' : `${words} · Broadsheet`), [words])
  // Where what had the focus went with its view, a screen reader goes on in the new one.
  const drawn = useRef(false)
  useEffect(() => {
    if (drawn.current && document.activeElement === document.body) document.getElementById('main')?.focus()
    drawn.current = true
  }, [place, path[1]])

  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to content
      </a>
      <header class="masthead">
        <a class="wordmark" href={addressOf(['reports'])}>
          Broadsheet
        </a>
        <nav aria-label="Main">
          {places
            .filter(({ shown }) => shown)
            .map(({ name, words }) => (
              <a key={name} href={addressOf([name])} aria-current={place === name ? 'page' : undefined}>
                {words}
              </a>
            ))}
        </nav>
        <span class={`line line-${line}`} role="status">
          {line === 'live' ? 'live' : line === 'connecting' ? 'connecting' : 'reconnecting'}
        </span>
        <details class="who">
          <summary>{viewer.user.name}</summary>
          <div class="who-menu">
            <p>
              {viewer.user.email ?? viewer.user.name}
              <br />
              <span class="help">
                {viewer.user.role} · {viewer.tenant}
              </span>
            </p>
            <button type="button" onClick={() => signOut()}>
              Sign out
            </button>
          </div>
        </details>
      </header>
      <main id="main" tabIndex={-1}>
        <View place={place} id={path[1]} />
      </main>
    </>
  )
}

/** By the first segment of the address; the second one names the one thing that is open in it. */
const VIEWS: Readonly<Record<string, ComponentType<{ id: string | undefined }>>> = {
  reports: Reports,
  ask: Ask,
  schedules: Schedules,
  operations: Operations,
}

function View({ place, id }: { place: string; id: string | undefined }) {
  const Wanted = VIEWS[place]
  return Wanted ? <Wanted id={id} /> : <p class="empty">There is nothing at this address.</p>
}

/** The fragment is the address of the view: the jump is made by hand. */
function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

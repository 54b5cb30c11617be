import type { NamedSettings } from '../config-named.ts'
import type { EventSource, GithubSource, NamedSources } from '../report-type/define.ts'
import type { Source, SessionOptions } from './source.ts'

/** Sources that are no database. Nothing is asked of them before a report does. */
export interface Named {
  /** Why a report that names it can't run here; null: it can. */
  fault(name: keyof NamedSources): string | null
  /** Loads what opening this one needs, so that no report waits for it. */
  warm(name: keyof NamedSources): Promise<void>
  /** For one attempt: ends with the session's signal. Only where there is no fault. */
  open(name: keyof NamedSources, session: SessionOptions): Promise<NamedSources[keyof NamedSources]>
}

const NAMED: readonly (keyof NamedSources)[] = ['github', 'events']
export const isNamed = (name: string): name is keyof NamedSources => (NAMED as readonly string[]).includes(name)

export function createNamed(settings: NamedSettings, sources: ReadonlyMap<string, Source>): Named {
  const { github, events } = settings

  async function openGithub({ signal }: SessionOptions): Promise<GithubSource> {
    // Loaded by who needs it: every child would hold it otherwise.
    const { createGithubSource } = await import('./github.ts')
    return createGithubSource(github, { signal })
  }
  async function openEvents(session: SessionOptions): Promise<EventSource> {
    if (events === null) throw new TypeError('There is no EVENTS_SOURCE.')
    if (events.kind === 'postgres') {
      const { createTableEvents } = await import('./table-events.ts')
      return createTableEvents(sources.get(events.source)!.client(session), events.table)
    }
    const { createDynamoEvents } = await import('./dynamo-events.ts')
    return createDynamoEvents(events, { signal: session.signal })
  }
  function eventsFault(): string | null {
    if (events === null) return 'Source "events" is not configured here: set EVENTS_SOURCE.'
    if (events.kind === 'postgres' && !sources.has(events.source))
      return `EVENTS_SOURCE names a source "${events.source}" that is not configured here: add it to BROADSHEET_SOURCES.`
    return null
  }

  return {
    fault: (name) => (name === 'events' ? eventsFault() : null),
    async warm(name) {
      // The SDK of the other is large, and who reads a table of events does not mind it.
      if (name === 'github') await import('./github.ts')
    },
    open: (name, session) => (name === 'events' ? openEvents(session) : openGithub(session)),
  }
}

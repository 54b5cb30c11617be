import { createStore, useStore } from './api/store.ts'

/**
 * Where the page is: the fragment of its address, so that reload, back and a bookmark find the same view. `#/reports?text=eu`,
 * `#/reports/ID`, `#/ask/sales`, `#/schedules`, `#/schedules/ID`, `#/operations`.
 */
export interface Address {
  /** Path segments, decoded: ['reports', 'ID']. */
  readonly path: readonly string[]
  readonly search: URLSearchParams
}

const store = createStore<Address>(read())
addEventListener('hashchange', () => store.set(read()))

export const useAddress = (): Address => useStore(store)

function read(): Address {
  const [path = '', search = ''] = location.hash.replace(/^#\/?/, '').split('?')
  return { path: path.split('/').filter(Boolean).map(decoded), search: new URLSearchParams(search) }
}

/** A link that was cut within an escape names nothing; it is no reason to show nothing. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    if (error instanceof URIError) return segment
    throw error
  }
}

/** `addressOf(['reports', id], search)`: for href. */
export function addressOf(path: readonly string[], search?: URLSearchParams): string {
  const asked = search?.toString() ?? ''
  return `#/${path.map(encodeURIComponent).join('/')}${asked === '' ? '' : `?${asked}`}`
}

/** `replace`: without an entry in the history, for what changes with every key. */
export function go(address: string, { replace = false } = {}): void {
  if (!replace) location.hash = address
  else {
    history.replaceState(null, '', address)
    store.set(read())
  }
}

import { addressOf, go } from '../address.ts'
import { createStore } from '../api/store.ts'

/**
 * The token that this page asks with. It is kept in the tab's session storage, or, where somebody does not want that, in
 * memory: a reload then asks for it again. It is never in an address, and no tab that is opened anew has it (browsers copy it into a duplicate).
 */
const KEY = 'broadsheet.token'

export interface Session {
  token: string | null
  /** Why nobody is signed in, where there is something to say. */
  why: string | null
}

export const session = createStore<Session>({ token: sessionStorage.getItem(KEY), why: null })

export function signIn(token: string, keep: boolean): void {
  if (keep) sessionStorage.setItem(KEY, token)
  else sessionStorage.removeItem(KEY)
  session.set({ token, why: null })
}

export function signOut(why: string | null = null): void {
  sessionStorage.removeItem(KEY)
  session.set({ token: null, why })
}

const CODE = /^#code=([\w-]+)$/
export const hasCode = (): boolean => CODE.test(location.hash)

/** `#code=…` of the link that the service printed at its start; it is taken out of the address before anything else happens. */
export function takeCode(): string | null {
  const code = CODE.exec(location.hash)?.[1] ?? null
  if (code !== null) go(addressOf(['reports']), { replace: true })
  return code
}

/** The one-time code for a token of 12 hours. Rejects with an Error in words. */
export async function exchange(code: string): Promise<string> {
  const away = () => {
    throw new Error('The service can’t be reached. Ask it for another link when it is back: npm run sign-in.')
  }
  const answer = await fetch('/sign-in', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  }).catch(away)
  const told = (await answer.json().catch(away)) as { token?: string; error?: string }
  if (!answer.ok || told.token === undefined) throw new Error(told.error ?? 'This link can’t be used.')
  return told.token
}

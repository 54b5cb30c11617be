import { useEffect, useState } from 'preact/hooks'
import { createConnection, type Connection } from './api/connection.ts'
import type { Failure } from './api/failure.ts'
import { useStore } from './api/store.ts'
import { createTurns } from './api/turns.ts'
import { WhoAmIDocument } from './generated/graphql.ts'
import { Notice } from './parts/notice.tsx'
import { exchange, hasCode, session, signIn, signOut, takeCode } from './session/session.ts'
import { SignIn } from './session/sign-in.tsx'
import { SignedIn, type Viewer } from './session/viewer.tsx'
import { Shell } from './shell.tsx'

// Taken before the first drawing: the code is in no address that somebody copies, and in no history.
const code = takeCode()
const exchanged =
  code === null
    ? null
    : exchange(code).then(
        (token) => signIn(token, true),
        // A link that was used takes nobody's token away.
        (error: Error) => session.get().token ?? signOut(error.message),
      )
// The link in a tab where the page is open already: it begins anew, with the code.
addEventListener('hashchange', () => hasCode() && location.reload())

/** Nobody, somebody, or somebody of whom the service has not told yet who it is. */
export function App() {
  const { token, why } = useStore(session)
  const [exchanging, setExchanging] = useState(exchanged !== null)
  useEffect(() => void exchanged?.finally(() => setExchanging(false)), [])

  if (exchanging) return <Wait />
  return token === null ? <SignIn why={why} /> : <Signed key={token} token={token} />
}

function Signed({ token }: { token: string }) {
  const [connection, setConnection] = useState<Connection | null>(null)
  const [viewer, setViewer] = useState<Viewer | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)

  useEffect(() => {
    const made = createConnection(token, signOut)
    setConnection(made)
    const turns = createTurns(async () => {
      setViewer((await made.ask(WhoAmIDocument, {})).viewer)
      setFailure(null)
    }, setFailure)
    // Asked again each time that the line comes back: a role may have changed meanwhile.
    let lost = false
    const stop = made.line.listen(() => {
      const line = made.line.get()
      if (line === 'live' && lost) turns.ask('at once')
      lost = line === 'reconnecting'
    })
    turns.ask('at once')
    return () => {
      stop()
      turns.close()
      made.close()
    }
  }, [token])

  if (!connection || !viewer) return failure ? <Wait failure={failure} /> : <Wait />
  return (
    <SignedIn.Provider value={{ viewer, connection }}>
      <Shell />
    </SignedIn.Provider>
  )
}

function Wait({ failure }: { failure?: Failure }) {
  return (
    <main class="wait" aria-busy={!failure}>
      {failure ? <Notice wrong>{failure.message}</Notice> : <p class="help">Signing in…</p>}
      {failure && (
        <button type="button" onClick={() => signOut()}>
          Sign out
        </button>
      )}
    </main>
  )
}

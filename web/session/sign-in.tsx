import { useEffect, useRef, useState } from 'preact/hooks'
import { Notice } from '../parts/notice.tsx'
import { signIn, signOut } from './session.ts'

/** For who has a token: from the operator, `createApiToken`, or the start-up line of the service. */
export function SignIn({ why }: { why: string | null }) {
  const [keep, setKeep] = useState(true)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])

  return (
    <main class="sign-in">
      <h1 class="wordmark">Broadsheet</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const token = field.current?.value.trim() ?? ''
          if (token === '') signOut('Paste a token first.')
          else signIn(token, keep)
        }}
      >
        {why !== null && <Notice wrong>{why}</Notice>}
        <label for="token">Token</label>
        <input
          ref={field}
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          aria-describedby="token-help"
        />
        <p id="token-help" class="help">
          An API token or a JWT of your application. Whoever runs Broadsheet on this machine gets a link that signs in
          by itself with <code>npm run sign-in</code>.
        </p>
        <label class="check">
          <input type="checkbox" checked={keep} onChange={(event) => setKeep(event.currentTarget.checked)} />
          Keep it while this tab is open
        </label>
        <button class="primary" type="submit">
          Sign in
        </button>
      </form>
    </main>
  )
}

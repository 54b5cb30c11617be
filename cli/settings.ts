import { WrongUse } from './outcome.ts'

/** Where the service runs that `npm start` brings up. */
const USUAL_URL = 'http://127.0.0.1:4000'

export interface Settings {
  readonly url: string
  readonly token: string
}

/**
 * Flags before BROADSHEET_URL and BROADSHEET_TOKEN: a client's two settings, which are none of the service's. Throws WrongUse with
 * what is missing.
 */
export function readSettings(
  flags: { url?: string | undefined; token?: string | undefined },
  environment: Record<string, string | undefined> = process.env,
): Settings {
  const url = flags.url ?? (environment['BROADSHEET_URL'] || USUAL_URL)
  const token = flags.token ?? environment['BROADSHEET_TOKEN'] ?? ''
  const protocol = URL.canParse(url) ? new URL(url).protocol : ''
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new WrongUse(`BROADSHEET_URL is no http or https address: ${url}`)
  // What a header can't hold is no token, and fetch would say so in its own words.
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new WrongUse(
      token === ''
        ? 'BROADSHEET_TOKEN is not set: an API token. For the service that `npm start` runs here: export BROADSHEET_TOKEN=$(cat .data/admin-token)'
        : 'BROADSHEET_TOKEN is no token: it holds blanks or letters that no token has.',
    )
  return { url, token }
}

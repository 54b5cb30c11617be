import type { Broadsheet } from './broadsheet.ts'

/** What a person needs once the service is up. */
export async function tellWhere(service: Broadsheet, say: (line: string) => void): Promise<void> {
  const { url, adminToken, dataDirectory } = service
  const link = await service.signInLink()
  say(`Broadsheet runs at ${url}/graphql`)
  say(`Admin token: ${adminToken}`)
  if (link === null) say(`The dashboard is at ${url}: sign in with the token.`)
  else {
    say('The dashboard, signed in: once, within ten minutes, on this machine ("npm run sign-in" prints another link):')
    // On a line of its own, from its first column: terminals and people take it whole.
    say(link)
  }
  say(`Ctrl-C stops it; the data stays in ${dataDirectory}`)
}

import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSignInCodes } from '../identity/sign-in-codes.ts'
import { StartupError } from '../errors.ts'
import { isClaimed } from './data-directory.ts'

/** Where a service says how it is reached over loopback; it is removed when the service stops, and by its next start. */
const pathOf = (dataDirectory: string) => join(dataDirectory, 'service.url')

/** Where a service and its owner keep the codes of links. */
export const signInCodesIn = (dataDirectory: string) => join(dataDirectory, 'sign-in')

/** Says where the service of this data directory is; null: nowhere that this machine's loopback reaches, or not yet. */
export async function tellAddress(dataDirectory: string, url: string | null): Promise<void> {
  const path = pathOf(dataDirectory)
  if (url === null) return rm(path, { force: true })
  await writeFile(`${path}.new`, `${url}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

/**
 * A link to the dashboard of the service that runs on this data directory, which signs in who opens it: once, within ten minutes,
 * from this machine. The code stands in the fragment, which no browser sends anywhere and no log has.
 *
 * @throws StartupError where there is no such service, or no such link, with the remedy
 */
export async function makeSignInLink(dataDirectory: string): Promise<string> {
  if (!(await isClaimed(dataDirectory, 'service')))
    throw new StartupError([
      `No Broadsheet runs on ${dataDirectory}: npm start, or set BROADSHEET_DATA_DIR to its data.`,
    ])
  const url = await readFile(pathOf(dataDirectory), 'utf8').then(
    (text) => text.trim(),
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw new StartupError([`${pathOf(dataDirectory)} can't be read (${error.code}).`])
      throw new StartupError([
        `The Broadsheet on ${dataDirectory} is still starting, or HOST keeps it off this machine's loopback, where links work: sign in with a token then.`,
      ])
    },
  )
  return linkTo(url, dataDirectory)
}

/** The same for a service that is known to run there. */
export async function linkTo(url: string, dataDirectory: string): Promise<string> {
  const code = await createSignInCodes({ directory: signInCodesIn(dataDirectory) }).mint()
  return `${url}/#code=${code}`
}

import { readFile, stat } from 'node:fs/promises'
import { StartupError } from '../errors.ts'
import type { Account } from './program.ts'

/**
 * Who Postgres runs as, which refuses root: as an ordinary user this user (undefined); as root whoever owns the cluster
 * that is there, else the machine's `postgres` or `nobody`.
 *
 * @throws StartupError when the cluster belongs to somebody whom this process can't become
 */
export async function postgresAccount(cluster: string): Promise<Account | undefined> {
  const me = process.getuid?.() ?? -1
  const owner = await stat(cluster).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new StartupError([`${cluster} can't be read (${error.code}): it may belong to another user.`])
  })
  if (me !== 0) {
    if (owner === undefined || owner.uid === me) return undefined
    throw new StartupError([
      `${cluster} belongs to another user (uid ${owner.uid}): start Broadsheet as that user or as root.`,
    ])
  }
  if (owner?.uid === 0) {
    throw new StartupError([
      `${cluster} belongs to root, as whom Postgres does not run: chown -R it to the user it was made by.`,
    ])
  }
  if (owner !== undefined) return { uid: owner.uid, gid: owner.gid }
  const users = await readFile('/etc/passwd', 'utf8')
  for (const name of ['postgres', 'nobody']) {
    const found = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(users)
    if (found) return { uid: Number(found[1]), gid: Number(found[2]) }
  }
  throw new StartupError([
    'Postgres does not run as root, and there is no user postgres or nobody: make one, or set DATABASE_URL.',
  ])
}

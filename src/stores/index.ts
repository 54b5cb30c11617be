import { fileURLToPath } from 'node:url'
import { resolve } from 'node:path'
import type { ObjectStoreAccess } from '../config-aws.ts'
import { StartupError } from '../errors.ts'
import { openLocalStore } from './local.ts'
import type { Store } from './store.ts'

/** Each kind of store by its URL's scheme. A new one is a file and a line here. */
const STORES: Readonly<Record<string, (url: string, access: ObjectStoreAccess | null) => Promise<Store>>> = {
  file: (url) => openLocalStore(url.startsWith('file://') ? fileURLToPath(url) : resolve(url.slice('file:'.length))),
  s3: async (url, access) => {
    if (!access)
      throw new StartupError(['STORE_URL: an object store was not told how it is reached (S3_ENDPOINT, AWS_*).'])
    // The SDK is large: 33 MB and 0.4 s, which a process without an object store saves.
    const { openS3Store } = await import('./s3.ts')
    return openS3Store(url, access)
  },
}

/** What STORE_URL may begin with, without the colon. */
export const STORE_SCHEMES: readonly string[] = Object.keys(STORES)

/**
 * Opens the store that STORE_URL names: `file:/var/lib/documents`, `file:.data/documents`, `s3://bucket/prefix`. Rejects with
 * StartupError. @param access how an object store is reached; the others need none.
 */
export async function openStore(url: string, access: ObjectStoreAccess | null = null): Promise<Store> {
  const scheme = /^([a-z][a-z0-9]*):./.exec(url)?.[1] ?? ''
  const open = STORES[scheme]
  if (!open) {
    const known = STORE_SCHEMES.map((name) => `${name}:...`)
    throw new StartupError([
      `STORE_URL: ${scheme === '' ? 'not a URL' : `"${scheme}:" is not supported (yet)`}. Use ${known.join(' or ')}.`,
    ])
  }
  try {
    return await open(url, access)
  } catch (error) {
    if (error instanceof StartupError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new StartupError([
      `STORE_URL: the store can't be opened (${reason}). The process needs a directory that it may write.`,
    ])
  }
}

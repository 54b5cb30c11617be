import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { ReportFailed } from '../src/errors.ts'
import type { Json } from '../src/report-type/define.ts'
import type { ReportType } from '../src/report-type/report-type.ts'
import type { Store } from '../src/stores/store.ts'
import type { Order } from './attempt-messages.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.pdf': 'application/pdf',
  '.csv': 'text/csv',
  '.json': 'application/json',
  '.ndjson': 'application/x-ndjson',
  '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}

/** Without a server there are no uploads: a parameter of type Upload is the path of a file. Rejects with ReportFailed where there is none. */
export async function localFiles(
  { parameters }: Pick<ReportType, 'parameters'>,
  values: { readonly [name: string]: Json },
): Promise<Order['uploads']> {
  const paths = parameters
    .filter(({ type }) => type === 'Upload')
    .flatMap(({ name }) => values[name] ?? [])
    .map(String)
  const entries = paths.map(async (path) => {
    const bytes = await readFile(path).catch((cause: unknown) => {
      throw new ReportFailed('INVALID_PARAMETERS', `There is no file "${path}" that can be read.`, { cause })
    })
    const contentType = TYPES[extname(path).toLowerCase()] ?? 'text/plain'
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return [path, { fileName: basename(path), contentType, byteSize: bytes.length, sha256, key: path }] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

/** The store, but what is read are those files. */
export function readingLocalFiles(store: Store): Store {
  return { ...store, read: async (path) => createReadStream(path) }
}

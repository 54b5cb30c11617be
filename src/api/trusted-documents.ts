import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, parse as parsePath } from 'node:path'
import { GraphQLError, parse, print, validate, type DocumentNode, type GraphQLSchema } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { Forbidden, StartupError } from '../errors.ts'

interface Trusted {
  readonly text: string
  readonly document: DocumentNode
}
export interface TrustedDocuments {
  /** sha256 of the text, or the name of the file. */
  readonly byId: ReadonlyMap<string, Trusted>
  readonly byText: ReadonlyMap<string, Trusted>
}

/** What a client sends to name a document: Apollo's extension, or the appendix of GraphQL over HTTP. */
interface Params {
  readonly query?: unknown
  readonly documentId?: unknown
  readonly extensions?: { readonly persistedQuery?: { readonly sha256Hash?: unknown } }
}
/** `trusted`: the service's own documents. `params`: as they came in, on whatever door. */
interface Asked {
  readonly trusted?: boolean
  readonly params?: Params
}

/**
 * The documents of a directory: NAME.graphql, and FILE.json with {"id": "document"} as code generators write it. Throws
 * StartupError for all that can't be read or does not fit the schema.
 */
export async function readTrustedDocuments(directory: string, schema: GraphQLSchema): Promise<TrustedDocuments> {
  const faults: string[] = []
  const byId = new Map<string, Trusted>()
  const byText = new Map<string, Trusted>()
  const add = (place: string, name: string, text: string) => {
    try {
      const document = parse(text)
      const wrong = validate(schema, document)
      if (wrong.length > 0) faults.push(...wrong.map((error) => `${place}: ${error.message}`))
      else if (byId.has(name)) faults.push(`${place}: the name "${name}" is taken by another document.`)
      const one = { text, document }
      // A client may send what its tools have made of the text.
      for (const form of [text, text.trim(), print(document)]) {
        byText.set(form, one)
        byId.set(sha256(form), one)
      }
      byId.set(name, one)
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error
      faults.push(`${place}: ${error.message}`)
    }
  }
  for (const file of await filesOf(directory)) {
    const text = await readFile(join(directory, file), 'utf8')
    if (extname(file) !== '.json') add(`PERSISTED_OPERATIONS: ${file}`, parsePath(file).name, text)
    else
      for (const [id, document] of Object.entries(manifestOf(file, text, faults)))
        add(`PERSISTED_OPERATIONS: ${file}: ${id.slice(0, 100)}`, id, document)
  }
  if (byId.size === 0 && faults.length === 0)
    faults.push(`PERSISTED_OPERATIONS: there is no document in ${directory}: put NAME.graphql or a JSON of them there.`)
  if (faults.length > 0) throw new StartupError(faults)
  return { byId, byText }
}

/** Only these run, on every door: each is told by its id or its whole text. Nothing is ever added by asking. */
export function useTrustedDocuments(documents: TrustedDocuments): Plugin<object, Asked> {
  const named = (params: Params | undefined) => {
    const id = idOf(params)
    return id === null ? undefined : documents.byId.get(id)
  }
  return {
    // Over HTTP the pipeline wants a text before it asks for a document.
    onParams({ params, setParams, request }) {
      const asked = params as Params
      const documentId = asked.documentId ?? new URL(request.url).searchParams.get('documentId') ?? undefined
      const found = asked.query == null || asked.query === '' ? named({ ...asked, documentId }) : undefined
      if (found) setParams({ ...params, query: found.text })
      else if (asked.query == null && (documentId !== undefined || asked.extensions?.persistedQuery)) throw refused()
    },
    onParse({ context, params, setParsedDocument }) {
      const { trusted, params: asked } = context as Asked
      if (trusted) return
      const text = String(typeof params.source === 'string' ? params.source : params.source.body)
      const found = text === '' ? named(asked) : documents.byText.get(text)
      if (!found) throw refused()
      setParsedDocument(found.document)
    },
  }
}

const refused = () =>
  new Forbidden('Only documents that were agreed on beforehand run here: send the id of one of them as documentId.')
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function idOf(params: Params | undefined): string | null {
  const id = params?.documentId ?? params?.extensions?.persistedQuery?.sha256Hash
  return typeof id === 'string' ? id.replace(/^sha256:/, '') : null
}

async function filesOf(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => ['.graphql', '.gql', '.json'].includes(extname(name))).toSorted()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new StartupError([`PERSISTED_OPERATIONS: ${directory} can't be read (${code}).`])
  }
}

function manifestOf(file: string, text: string, faults: string[]): Record<string, string> {
  try {
    const manifest: unknown = JSON.parse(text)
    if (
      typeof manifest === 'object' &&
      manifest !== null &&
      Object.values(manifest).every((one) => typeof one === 'string')
    )
      return manifest as Record<string, string>
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  faults.push(`PERSISTED_OPERATIONS: ${file} must be JSON: {"id": "the document"}.`)
  return {}
}

import { readFile } from 'node:fs/promises'
import type { GraphiQLOptions } from 'graphql-yoga'

/** The examples that GraphiQL opens with: one document, each operation by its name. */
const EXAMPLES = new URL('./examples.graphql', import.meta.url)

/** GraphiQL served from this process, with subscriptions over WebSocket. Its page is 2 MB and is loaded at the first visit. */
export async function graphiqlOptions(): Promise<GraphiQLOptions> {
  return {
    title: 'Broadsheet',
    subscriptionsProtocol: 'WS',
    defaultQuery: await readFile(EXAMPLES, 'utf8'),
    defaultHeaders: JSON.stringify({ Authorization: 'Bearer TOKEN' }),
    shouldPersistHeaders: false,
  }
}

export async function renderGraphiql(options?: GraphiQLOptions): Promise<string> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql')
  return renderGraphiQL(options) as string
}

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
    // Empty, not a sample: with a bad token even the schema could not be asked for, and nothing would be completed.
    defaultHeaders: JSON.stringify({ Authorization: '' }),
    shouldPersistHeaders: false,
  }
}

/** Where GraphiQL hands the Headers pane on: to fetch, but not to the socket. A test looks for it after an upgrade. */
const HANDS_ON = /extensions:\{headers:(\w+)\?\.headers\}/

/** The page, with what stands in Headers also sent in connection_init: there a subscription shows its token. */
export async function renderGraphiql(options?: GraphiQLOptions): Promise<string> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql')
  return (renderGraphiQL(options) as string).replace(
    HANDS_ON,
    'extensions:{headers:$1?.headers,connectionParams:$1?.headers}',
  )
}

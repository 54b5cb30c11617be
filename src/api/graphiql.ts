import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { GraphiQLOptions, Plugin } from 'graphql-yoga'

/** The examples that GraphiQL opens with: one document, each operation by its name. */
const EXAMPLES = new URL('./examples.graphql', import.meta.url)

/** GraphiQL served from this process, with subscriptions over WebSocket. Its page is 9 MB and is loaded at the first visit. */
export async function createGraphiql() {
  const options: GraphiQLOptions = {
    title: 'Broadsheet',
    subscriptionsProtocol: 'WS',
    defaultQuery: await readFile(EXAMPLES, 'utf8'),
    // Empty, not a sample: with a bad token even the schema could not be asked for, and nothing would be completed.
    defaultHeaders: JSON.stringify({ Authorization: '' }),
    shouldPersistHeaders: false,
  }
  /** Of the page, which is the same at each visit. */
  let policy = ''

  return {
    options,
    async render(given?: GraphiQLOptions): Promise<string> {
      const page = await renderPage(given)
      policy ||= policyOf(page)
      return page
    },
    plugin: {
      onResponse({ response }) {
        if (response.headers.get('content-type')?.startsWith('text/html') && policy !== '')
          response.headers.set('Content-Security-Policy', policy)
      },
    } satisfies Plugin,
  }
}

/** Where GraphiQL hands the Headers pane on: to fetch, but not to the socket. A test looks for it after an upgrade. */
const HANDS_ON = /extensions:\{headers:(\w+)\?\.headers\}/

/** The page, with what stands in Headers also sent in connection_init: there a subscription shows its token. */
async function renderPage(options?: GraphiQLOptions): Promise<string> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql')
  return (renderGraphiQL(options) as string).replace(
    HANDS_ON,
    'extensions:{headers:$1?.headers,connectionParams:$1?.headers}',
  )
}

/**
 * What the page may do: run the one script that it was sent with, by its hash, and that script's workers; ask this service.
 * Its editor writes styles as it goes.
 */
function policyOf(page: string): string {
  const script = page.slice(page.indexOf('<script>') + '<script>'.length, page.lastIndexOf('</script>'))
  const hash = createHash('sha256').update(script).digest('base64')
  return [
    `default-src 'none'`,
    `script-src 'sha256-${hash}'`,
    `worker-src blob:`,
    `connect-src 'self'`,
    `style-src 'unsafe-inline'`,
    `img-src data:`,
    `font-src data:`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ')
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Log } from '../log.ts'
import type { Dashboard } from './dashboard.ts'
import type { createDownload } from './download.ts'
import type { createHealth } from './health.ts'
import type { Metrics } from './metrics.ts'
import type { Origins } from './origins.ts'
import { HTTPS_ONLY, SAFE_HEADERS, sendPage } from './pages.ts'
import { REST_PREFIX, type Rest } from './rest/serve.ts'
import type { createSignIn } from './sign-in.ts'
import { LONGEST_PUT, type createUploadDoor } from './upload.ts'
import type { Pipeline } from './yoga.ts'

/** How long a caller may take to read an answer that came before the end of its question, in milliseconds. */
const LAST_LOOK = 1_000
/** How long a request may take to come in, in milliseconds; the body of an upload has a time of its own. */
const LONGEST_REQUEST = 60_000

const NOT_BUILT =
  'The dashboard is not built: run <code>npm run web:build</code> where the service is installed, and start it again.'

interface Dependencies {
  pipeline: Pipeline
  download: ReturnType<typeof createDownload>
  upload: ReturnType<typeof createUploadDoor>
  health: ReturnType<typeof createHealth>
  metrics: Metrics
  rest: Rest
  dashboard: Dashboard
  signIn: ReturnType<typeof createSignIn>
  graphiql: boolean
  origins: Origins
  /** True where people reach the service by https, whatever the proxy before it speaks. */
  https: boolean
  log: Log
}

/** The one HTTP server: /graphql, /api/v1/, /documents/, /uploads/, /livez, /readyz, /metrics, /sign-in, and the dashboard at /. Errors of a route never end the process. */
export function createHttpServer(dependencies: Dependencies) {
  const { pipeline, download, upload, health, metrics, rest, dashboard, signIn, graphiql, origins, https, log } =
    dependencies
  const always = Object.entries({ ...SAFE_HEADERS, ...(https && HTTPS_ONLY) })

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of always) response.setHeader(name, value)
    if (origins.share(request, response)) return
    const url = URL.parse(request.url ?? '/', 'http://broadsheet')
    const html = request.headers.accept?.includes('text/html') ?? false
    if (!url)
      return sendPage(response, {
        status: 400,
        title: 'Bad request',
        text: 'This is not an address of this service.',
        html,
      })
    metrics.watch(pathOf(url.pathname), response)
    if (url.pathname.startsWith('/uploads/')) return upload(request, response, url)
    endLate(request)
    if (url.pathname === '/graphql') return void (await pipeline(request, response))
    if (isRest(url.pathname)) return rest(request, response, url)
    if (url.pathname.startsWith('/documents/')) return download(request, response, url)
    if (url.pathname === '/livez') return health.live(response)
    if (url.pathname === '/readyz') return health.ready(response)
    if (url.pathname === '/metrics') return metrics.serve(request, response)
    if (url.pathname === '/sign-in') return signIn(request, response)
    // At / a program is told where the API is; a browser gets the page.
    if ((html || url.pathname !== '/') && (await dashboard.serve(request, response, url.pathname))) return
    if (url.pathname === '/') {
      const api = graphiql
        ? 'The API is at <a href="/graphql">/graphql</a>, which is GraphiQL for a browser.'
        : 'The API is at /graphql.'
      const text = html ? `${NOT_BUILT} ${api}` : api
      return sendPage(response, { status: 200, title: 'Broadsheet', text, html })
    }
    return sendPage(response, { status: 404, title: 'Not found', text: 'There is nothing at this address.', html })
  }

  return createServer(
    { requestTimeout: LONGEST_PUT, headersTimeout: 10_000, keepAliveTimeout: 30_000 },
    (request, response) => {
      const { socket } = request
      response.once('finish', () => request.complete || endUnread(socket))
      route(request, response).catch((error: unknown) => {
        // A reader that went away in mid-download is no fault of ours.
        if ((error as { code?: string }).code === 'ERR_STREAM_PREMATURE_CLOSE') return
        log.error({ err: error }, 'a request failed')
        if (response.headersSent) response.destroy()
        else
          sendPage(response, {
            status: 503,
            title: 'Try again',
            text: 'The service is not whole for the moment.',
            html: false,
          })
      })
    },
  )
}

const isRest = (pathname: string) => pathname === REST_PREFIX || pathname.startsWith(`${REST_PREFIX}/`)

const NAMES = ['/', '/graphql', '/livez', '/readyz', '/metrics', '/sign-in', '/favicon.svg']

/** For counting: nothing that a caller makes up becomes a name. */
function pathOf(pathname: string): string {
  for (const path of ['/documents/', '/uploads/', '/assets/']) if (pathname.startsWith(path)) return path
  if (isRest(pathname)) return `${REST_PREFIX}/`
  return NAMES.includes(pathname) ? pathname : 'other'
}

/** Who sends a body drop by drop holds a connection no longer than this. */
function endLate(request: IncomingMessage): void {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers
  if (length === undefined && coding === undefined) return
  const late = setTimeout(() => request.complete || request.destroy(), LONGEST_REQUEST).unref()
  request.once('end', () => clearTimeout(late)).once('close', () => clearTimeout(late))
}

/** After an answer like 413 the rest of the body is not read: the connection goes, or the next request on it waits for ever. */
function endUnread(socket: Socket): void {
  socket.end()
  setTimeout(() => socket.destroy(), LAST_LOOK).unref()
}

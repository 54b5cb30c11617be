import type { ServerResponse } from 'node:http'
import type { Log } from '../log.ts'
import { SAFE_HEADERS } from './pages.ts'

/** Longest wait for one part to answer, in milliseconds. */
const WITHIN = 1_800

/** /livez: the process runs. /readyz: all parts answer, else 503 with a JSON that names what does not. */
export function createHealth({ parts, log }: { parts: Readonly<Record<string, () => Promise<void>>>; log: Log }) {
  async function check(name: string, ask: () => Promise<void>): Promise<readonly [string, boolean]> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), WITHIN)
    })
    try {
      await Promise.race([ask(), late])
      return [name, true]
    } catch (error) {
      log.debug({ err: error, part: name }, 'a part is not ready')
      return [name, false]
    } finally {
      clearTimeout(timer)
    }
  }

  function send(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { ...SAFE_HEADERS, 'Content-Type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
  }

  return {
    live: (response: ServerResponse) => send(response, 200, { status: 'ok' }),
    async ready(response: ServerResponse): Promise<void> {
      const answers = await Promise.all(Object.entries(parts).map(([name, ask]) => check(name, ask)))
      const missing = answers.filter(([, answers]) => !answers).map(([name]) => name)
      send(response, missing.length === 0 ? 200 : 503, {
        status: missing.length === 0 ? 'ready' : 'not ready',
        missing,
      })
    },
  }
}

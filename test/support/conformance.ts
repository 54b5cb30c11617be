import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { DIRECTORY, installOracles } from './oracles.ts'

const PACKAGE = `${DIRECTORY}graphql/`

interface Audit {
  readonly id: string
  readonly name: string
  fn(): Promise<{ status: 'ok' } | { status: 'notice' | 'warn' | 'error'; reason: string }>
}

/** The client of graphql-sse, as far as it is used. */
interface SseClient {
  iterate(payload: { query: string; variables?: Record<string, unknown> }): AsyncIterableIterator<any>
  dispose(): void
}

export interface Conformance {
  /** The audits of graphql-http for a server of GraphQL over HTTP. */
  serverAudits(options: { url: () => string; fetchFn: typeof fetch }): Audit[]
  createSseClient(options: { url: string; headers?: Record<string, string>; retryAttempts: number }): SseClient
  /** What graphql-eslint finds in schema/schema.graphql below the directory; the configuration stands beside its package. */
  lint(directory: string): Promise<{ ruleId: string; line: number; message: string }[]>
}

/** What others have written to judge servers and schemas by, installed on first use; null where npm can't reach a registry. */
export async function conformance(): Promise<Conformance | null> {
  try {
    await installOracles(PACKAGE)
  } catch (error) {
    if (
      !/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENOTCACHED|network/.test(
        String((error as { stderr?: string }).stderr),
      )
    )
      throw error
    return null
  }
  const load = createRequire(`${PACKAGE}package.json`)
  const { serverAudits } = load('graphql-http') as Pick<Conformance, 'serverAudits'>
  const { createClient } = load('graphql-sse') as { createClient: Conformance['createSseClient'] }
  return {
    serverAudits,
    createSseClient: createClient,
    async lint(directory) {
      const program = `${PACKAGE}node_modules/eslint/bin/eslint.js`
      const args = ['--config', `${PACKAGE}eslint.config.js`, '--format', 'json', 'schema/schema.graphql']
      const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], {
        cwd: directory,
        timeout: 60_000,
      }).catch((error: { code?: unknown; stdout: string }) => {
        // 1: something was found.
        if (error.code === 1) return error
        throw error
      })
      const [file] = JSON.parse(stdout) as [{ messages: { ruleId: string; line: number; message: string }[] }]
      return file.messages
    },
  }
}

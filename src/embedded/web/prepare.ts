import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildWeb } from './build.ts'

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** The shop is filled at the same time, and people wait for it. */
const NICENESS = 10

export interface WebPreparation {
  /** Resolves when the page is there, or is not to be had: that is told in one line and stops nothing. Never rejects. */
  readonly done: Promise<void>
  /** Ends a build that is under way; resolves when it is gone. */
  stop(): Promise<void>
}

/** Builds the dashboard of this checkout in a process of its own, where its sources have changed. */
export function prepareWeb({ dataDirectory, say }: { dataDirectory: string; say(line: string): void }): WebPreparation {
  const ending = new AbortController()

  /** Where what Vite said can be read; empty where there is nothing, or no place for it. */
  async function keep(output: string): Promise<string> {
    const log = join(dataDirectory, 'web-build.log')
    if (output === '') return ''
    return writeFile(log, output).then(
      () => `, see ${log}`,
      () => '',
    )
  }

  async function prepare(): Promise<void> {
    const begin = () => say('Building the dashboard: its sources are new')
    const built = await buildWeb({ root: ROOT, niceness: NICENESS, begin, signal: ending.signal })
    if (built.as !== 'not built' || ending.signal.aborted) return
    say(`The dashboard is not built anew: ${built.why}${await keep(built.output)}. The service starts all the same.`)
  }

  const done = prepare()
  return {
    done,
    stop() {
      ending.abort()
      return done
    },
  }
}

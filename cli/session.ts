import { createClient, type Client } from '../client/client.ts'
import { terminal } from '../src/terminal.ts'
import { plain } from './plain.ts'
import { readSettings } from './settings.ts'

/** Options that every command takes. */
export interface GlobalOptions {
  readonly url?: string
  readonly token?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

/** What a command works with. stdout is for results, stderr for people. */
export interface Session {
  readonly client: Client
  readonly json: boolean
  readonly signal: AbortSignal
  /** A line for a person; silent with --quiet. */
  say(line: string): void
  /** A line for a person that is no news to leave out: why the exit code is not 0. */
  fault(line: string): void
  /** A bar for a person: a part of 1, null while nobody knows. */
  bar(name: string): (part: number | null, facts?: string) => void
  /** A line of the result. */
  print(line: string): void
  /** One JSON value on a line of its own. */
  printJson(value: unknown): void
}

/** Nothing is connected before a command asks. Throws WrongUse. */
export function openSession(options: GlobalOptions, signal: AbortSignal): Session {
  const { say, bar } = terminal()
  const print = (line: string) => void process.stdout.write(`${line}\n`)
  return {
    client: createClient(readSettings(options)),
    json: options.json ?? false,
    signal,
    say: (line) => void (options.quiet || say(plain(line))),
    fault: (line) => say(plain(line)),
    bar: options.quiet ? () => () => undefined : bar,
    print: (line) => print(plain(line)),
    printJson: (value) => print(JSON.stringify(value)),
  }
}

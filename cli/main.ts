import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { cancel } from './cancel.ts'
import { ls } from './ls.ts'
import { EXIT, faultOf, Interrupted, type Exit } from './outcome.ts'
import { plain } from './plain.ts'
import { run, type RunOptions } from './run.ts'
import { schedules } from './schedules.ts'
import { openSession, type GlobalOptions, type Session } from './session.ts'
import { types } from './types.ts'
import { verify } from './verify.ts'
import { watch } from './watch.ts'

/** `npx broadsheet`: the public API at a prompt and in scripts. The exit code is the outcome: outcome.ts. */

const stop = new AbortController()
let exit: Exit = EXIT.DONE

for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => {
    const interrupted = new Interrupted(name)
    // The second is for what does not end.
    if (stop.signal.aborted) process.exit(interrupted.exit)
    stop.abort(interrupted)
  })
// `broadsheet ls | head -1`: whoever reads has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(exit)
})

const program = new Command('broadsheet')
  .description('Asks for reports, watches them, and checks what was downloaded.')
  .option('--url <url>', 'where the service runs; else BROADSHEET_URL, else http://127.0.0.1:4000')
  .option('--token <token>', 'an API token; better in BROADSHEET_TOKEN, where no list of processes shows it')
  .option('--json', 'results as JSON on stdout, for scripts')
  .option('-q, --quiet', 'nothing on stderr but faults')
  .addHelpText(
    'after',
    `\nExit codes: 0 done or SUCCEEDED, 2 wrong command line, 3 refused, 4 FAILED, 5 CANCELED, 6 document gone,\n7 service does not answer, 8 file is not the document, 130 Ctrl-C, 1 anything else.`,
  )
  .exitOverride()

/** A command's work, between opening the client and closing it. */
async function within(work: (session: Session) => Promise<Exit>): Promise<void> {
  const session = openSession(program.opts<GlobalOptions>(), stop.signal)
  try {
    exit = await work(session)
  } finally {
    await session.client.close()
  }
}

const several = (value: string, before: string[]) => [...before, value]
function count(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('A whole number from 1 to 99999.')
  return Number(text)
}

program
  .command('run')
  .summary('ask for a report')
  .description(
    'Asks for a report. Each parameter of the type is a flag of its own (`broadsheet types` lists them): --start-date today.',
  )
  .argument('<type>', 'the name of its file, such as sales')
  .argument('[parameters...]', 'flags of the type, each with its value')
  .usage('TYPE [--PARAMETER VALUE]... [options]')
  .allowUnknownOption()
  .option('--param <name=value>', 'a parameter, also one whose flag means something else here', several, [])
  .option('-w, --watch', 'wait for its end, with a bar')
  .option(
    '-o, --out <path>',
    'save the document there, checked; a directory: under its own name; "-": stdout. Waits for the end',
  )
  .option('--title <title>', 'what people recognise it by')
  .option('--format <format>', 'csv, ndjson, json ... as the service has them')
  .option('--compression <compression>', 'none, gzip, zstd')
  .option('--dialect <dialect>', 'of CSV: postgres, rfc4180, excel')
  .option('--priority <priority>', 'urgent, high, normal, low')
  .option('--visibility <visibility>', 'private, tenant')
  .option('--time-zone <zone>', 'in which relative dates are meant: Europe/Vilnius')
  .option('--tag <tag>', 'to find it again; may be said again', several, [])
  .option('--reuse-within <duration>', 'take one that SUCCEEDED within this time: PT1H')
  .option('--idempotency-key <key>', 'the same key gives the same report for 24 hours')
  .action((type: string, flags: string[], options: RunOptions) =>
    within((session) => run(session, type, flags, options)),
  )

program
  .command('watch')
  .description('Watches a report to its end; the exit code says which.')
  .argument('<id>')
  .option('-o, --out <path>', 'save the document there, checked; a directory: under its own name; "-": stdout')
  .action((id: string, options: { out?: string }) => within((session) => watch(session, id, options)))

program
  .command('ls')
  .description('Lists the newest reports.')
  .option('-n, --first <count>', 'how many', count, 20)
  .option('--status <status>', 'only these; may be said again', several, [])
  .option('--type <type>', 'only of this type; may be said again', several, [])
  .option('--tag <tag>', 'only with this tag')
  .action((options: Parameters<typeof ls>[1]) => within((session) => ls(session, options)))

program
  .command('cancel')
  .description('Cancels reports.')
  .argument('<id...>')
  .action((ids: string[]) => within((session) => cancel(session, ids)))

program
  .command('schedules')
  .description('Lists schedules.')
  .option('-n, --first <count>', 'how many', count, 100)
  .action((options: { first: number }) => within((session) => schedules(session, options)))

program
  .command('types')
  .description('Lists what can be asked for, with its parameters.')
  .action(() => within(types))

program
  .command('verify')
  .description(
    'Checks that a file is a report’s document, whole and unchanged: its size, its sha256, its rows counted anew.',
  )
  .argument('<file>')
  .option('--report <id>', 'the report whose document it should be; else it is looked for by its sha256')
  .option('--search <count>', 'without a match: how many of the newest to look through for its name', count, 1_000)
  .action((file: string, options: Parameters<typeof verify>[2]) => within((session) => verify(session, file, options)))

for (const each of program.commands) each.exitOverride()
try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) exit = error.exitCode === 0 ? EXIT.DONE : EXIT.WRONG_USE
  else exit = tell(error as Error)
}
// Not exit(): what is still to be written to a pipe would be cut.
process.exitCode = exit

/** On stderr for people, and with --json on stdout too. */
function tell(error: Error): Exit {
  const { exit, code } = faultOf(error)
  const userErrors = 'userErrors' in error ? { userErrors: error.userErrors } : {}
  process.stderr.write(
    `${plain(exit === EXIT.FAULT && code === 'FAULT' ? (error.stack ?? error.message) : error.message)}\n`,
  )
  if (program.opts<GlobalOptions>().json)
    process.stdout.write(`${JSON.stringify({ error: { code, message: error.message, ...userErrors } })}\n`)
  return exit
}

import { StartupError } from './errors.ts'

/** Runs a process's main; a fault of settings or files is told in plain lines and ends it with code 1. */
export async function startup(main: () => Promise<void>): Promise<void> {
  try {
    await main()
  } catch (error) {
    if (!(error instanceof StartupError)) throw error
    for (const fault of error.faults) process.stderr.write(`${fault}\n`)
    process.exit(1)
  }
}

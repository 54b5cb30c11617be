import { StartupError } from './errors.ts'

/** Runs a process's main; a fault of settings or files is told in plain lines and ends it with code 1. */
export async function startup(main: () => Promise<void>): Promise<void> {
  endWithParent()
  try {
    await main()
  } catch (error) {
    if (!(error instanceof StartupError)) throw error
    for (const fault of error.faults) process.stderr.write(`${fault}\n`)
    process.exit(1)
  }
}

/**
 * A process that another one of ours forked ends when that one is gone, also where it was killed: nobody would stop it then.
 * At once, since the databases go with the parent; what was under way is mended as after any crash.
 */
function endWithParent(): void {
  // Undefined where nobody forked this process; false where the parent went while modules were loaded.
  if (process.connected === undefined) return
  if (!process.connected) process.exit(1)
  process.once('disconnect', () => process.exit(1))
}

import { parseSqlReport } from '../src/report-type/sql-report.ts'
import { parseRowsReport } from '../src/report-type/rows-report.ts'
import { createLog, type Log } from '../src/log.ts'
import { durationMilliseconds } from '../src/schedule/duration.ts'
import { createNamed, createSources, isNamed, type Named, type Sources } from '../src/sources/index.ts'
import { openStore } from '../src/stores/index.ts'
import type { PendingDocument, Store } from '../src/stores/store.ts'
import { countersOf, createTally, type Tally } from './counting.ts'
import type { FromChild, Order, Setup, ToChild } from './attempt-messages.ts'
import { failureOf } from './failure.ts'
import { carryOut } from './pipeline.ts'
import { createSteps } from './steps.ts'

/**
 * The child process: carries out one attempt at a time as the worker tells it. It knows sources and the store; of the service's
 * database it knows nothing. Everything heavy is imported before it says that it is ready. Started by attempt-entry.ts.
 */

const PROGRESS_EVERY = 100
/** Connections to each source for one attempt: a TypeScript report may have a few queries open. */
const SOURCE_CONNECTIONS = 4

interface Ready {
  readonly setup: Setup
  readonly log: Log
  readonly sources: Sources
  readonly named: Named
  readonly store: Store
}

let ready: Promise<Ready> | undefined
let stop: AbortController | undefined
let pending: PendingDocument | undefined

process.on('message', (message: ToChild) => void hear(message))

async function hear(message: ToChild): Promise<void> {
  switch (message.kind) {
    case 'prepare':
      ready = prepare(message.setup)
      await ready
      return say({ kind: 'ready' })
    case 'start':
      return start(message.order)
    case 'abort':
      // While the attempt runs, its own end answers; after it, what it left is taken away here.
      if (stop) return stop.abort(new Error('The worker has called the attempt off.'))
      await pending?.discard()
      pending = undefined
      return say({ kind: 'aborted' })
    case 'promote':
      return promote()
  }
}

async function prepare(setup: Setup): Promise<Ready> {
  const log = createLog({ level: setup.logLevel, process: 'attempt' })
  const sources = createSources(setup.sources, { log, maxConnections: SOURCE_CONNECTIONS })
  const named = createNamed(setup.named, sources)
  for (const name of setup.wanted) if (isNamed(name)) await named.warm(name)
  return {
    setup,
    log,
    sources,
    named,
    store: await openStore(setup.storeUrl, setup.objectStore),
  }
}

async function start(order: Order): Promise<void> {
  const { setup, sources, named, store, ...rest } = await ready!
  const log = rest.log.child({ reportId: order.reportId, attempt: order.attempt })
  const controller = new AbortController()
  const tally = createTally()
  const steps = createSteps()
  stop = controller
  const ticking = tellProgress(tally)
  try {
    const type =
      order.kind === 'sql'
        ? parseSqlReport(`${order.typeName}.sql`, order.definition)
        : await parseRowsReport(`${order.typeName}.ts`, order.definition, setup.reportsDirectory)
    say({ kind: 'began', timeoutMs: durationMilliseconds(type.timeout) })
    const { pending: written, ...finished } = await carryOut({
      type,
      order,
      sources,
      named,
      store,
      reportsDirectory: setup.reportsDirectory,
      tally,
      steps,
      signal: controller.signal,
    })
    pending = written
    ticking.end()
    say({ kind: 'finished', steps: steps.all(), ...finished })
  } catch (error) {
    ticking.end()
    say(
      controller.signal.aborted
        ? { kind: 'aborted' }
        : { kind: 'failed', failure: failureOf(error, log), steps: steps.all() },
    )
  } finally {
    stop = undefined
  }
  // Came between the last step and here: the attempt has said that it is finished, and is then called off.
  if (controller.signal.aborted && pending) await hear({ kind: 'abort' })
}

async function promote(): Promise<void> {
  const { log } = await ready!
  try {
    if (!pending) throw new Error('There is nothing to promote.')
    await pending.promote()
    say({ kind: 'promoted' })
  } catch (error) {
    await pending
      ?.discard()
      .catch((failure: unknown) => log.warn({ err: failure }, 'a document that nobody will read is left to the sweep'))
    say({ kind: 'failed', failure: failureOf(error, log) })
  } finally {
    pending = undefined
  }
}

/** At most ten times a second, only what is new, and never more than one message under way: a frozen worker reads none. */
function tellProgress(tally: Tally): { end(): void } {
  let underWay = false
  let told = ''
  const timer = setInterval(() => {
    const counters = countersOf(tally)
    const text = JSON.stringify(counters)
    if (underWay || text === told) return
    underWay = true
    told = text
    say({ kind: 'progress', counters }, () => (underWay = false))
  }, PROGRESS_EVERY)
  return { end: () => clearInterval(timer) }
}

function say(message: FromChild, done: () => void = () => undefined): void {
  if (process.connected) process.send!(message, done)
}

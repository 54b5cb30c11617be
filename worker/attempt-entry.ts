import { Worker } from 'node:worker_threads'

/**
 * Where a child process begins: what ends it with its worker stands before all that takes a while to import. Without its worker
 * it is gone, also one that is only starting.
 */

/** Heap of the thread that watches for the worker's end, in MiB. */
const WATCHDOG_MEMORY = 16

process.on('disconnect', () => process.exit())
// Above is for a thread that listens; an author's endless loop does not, nor does a process that reads its modules.
new Worker(new URL('./watchdog.ts', import.meta.url), {
  workerData: { parent: process.ppid },
  resourceLimits: { maxOldGenerationSizeMb: WATCHDOG_MEMORY },
}).unref()
// The worker went before anybody listened.
if (!process.connected) process.exit()
// A signal of the terminal reaches the whole group: the worker decides what becomes of its attempts.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)

// Messages that come meanwhile wait until it listens.
await import('./attempt-process.ts')

import { workerData } from 'node:worker_threads'

/**
 * A thread of the child process, which ends the process when the worker is gone: an author's endless loop keeps the main
 * thread from ever hearing that. It looks at the parent's id, which the kernel changes when the parent dies.
 */

/** Between two looks, in milliseconds. */
const LOOK_EVERY = 500
const { parent } = workerData as { parent: number }

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
}, LOOK_EVERY)

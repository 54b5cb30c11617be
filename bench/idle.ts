import { setTimeout as pause } from 'node:timers/promises'
import { residentMiB } from './measure.ts'

/**
 * Waits until these processes' memory has stood still for two seconds, a minute at most; from then on says what the first of them (the
 * worker) and that of the others that has grown most (the child that runs) have taken since, in MiB: the rest keep what earlier
 * reports had them take.
 */
export async function whenIdle(pids: () => readonly number[]): Promise<{
  readonly idle: ReadonlyMap<number, number>
  aboveIdle(now: readonly number[]): number
}> {
  let last = 0
  for (let quiet = 0, waited = 0; quiet < 4 && waited < 120; waited++) {
    await pause(500)
    const now = residentMiB(pids())
    quiet = Math.abs(now - last) < 1 ? quiet + 1 : 0
    last = now
  }
  const idle = new Map(pids().map((pid) => [pid, residentMiB([pid])]))
  return {
    idle,
    aboveIdle(now) {
      const [worker = 0, ...children] = now.map((pid) => Math.max(0, residentMiB([pid]) - (idle.get(pid) ?? 0)))
      return worker + Math.max(0, ...children)
    },
  }
}

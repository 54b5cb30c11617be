import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Nearest rank. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN
}

/** Milliseconds of work. */
export async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const start = performance.now()
  const value = await work()
  return { ms: performance.now() - start, value }
}

/** Ids of a process and all below it. */
export function family(pid: number): number[] {
  const children = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
  const found = [pid]
  for (const one of found) found.push(...children.filter(([, parent]) => parent === one).map(([child]) => child))
  return found
}

/** Resident memory of these processes together, in MiB. Those that are gone count nothing. */
export function residentMiB(pids: readonly number[]): number {
  let kib = 0
  for (const pid of pids) {
    try {
      kib += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' && (error as NodeJS.ErrnoException).code !== 'ESRCH')
        throw error
    }
  }
  return kib / 1024
}

/** The most that `read` answers while `work` is under way, looked at every 20 ms. */
export async function peak<T>(read: () => number, work: () => Promise<T>): Promise<{ most: number; value: T }> {
  let most = read()
  const timer = setInterval(() => (most = Math.max(most, read())), 20)
  try {
    return { value: await work(), most }
  } finally {
    clearInterval(timer)
  }
}

/** One line of the result: a figure, its bar, and whether it is met. Told as measured, met or not. */
export interface Figure {
  readonly name: string
  readonly value: string
  readonly bar: string
  readonly met: boolean
}

/** "at most" or "at least" a bar. */
export function figure(name: string, value: number, unit: string, bar: { most: number } | { least: number }): Figure {
  const digits = Math.abs(value) < 10 ? 2 : 0
  const met = 'most' in bar ? value <= bar.most : value >= bar.least
  return {
    name,
    value: `${value.toFixed(digits)}${unit}`,
    bar: 'most' in bar ? `<= ${bar.most}${unit}` : `>= ${bar.least}${unit}`,
    met,
  }
}

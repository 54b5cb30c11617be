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
  for (const pid of pids) kib += Number(/VmRSS:\s+(\d+)/.exec(readIfThere(`/proc/${pid}/status`))?.[1] ?? 0)
  return kib / 1024
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ESRCH') throw error
    return ''
  }
}

/** Those of these processes that run a program of this name. */
export function named(pids: readonly number[], name: string): number[] {
  return pids.filter((pid) => readIfThere(`/proc/${pid}/comm`).trim() === name)
}

/** Linux counts a process' time in hundredths of a second, wherever Node runs. */
const TICKS = 100

/** Seconds of processor time that these processes have used, and what ended below them and was waited for. */
export function cpuSeconds(pids: readonly number[], which: 'all' | 'ended below' = 'all'): number {
  let ticks = 0
  for (const pid of pids) {
    const stat = readIfThere(`/proc/${pid}/stat`)
    // The name before it may hold spaces; then utime, stime, cutime and cstime are the 12th to the 15th.
    const times = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 15)
      .map(Number)
    for (const one of which === 'all' ? times : times.slice(2)) ticks += one
  }
  return ticks / TICKS
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

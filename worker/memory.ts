import { readFile } from 'node:fs/promises'

/** How often a process is looked at, in milliseconds: what it takes in between it may have beyond its limit. */
const LOOK_EVERY = 250

/**
 * Calls `over` once when the process `pid` has more than `limit` MiB in memory, whatever kind: the limit of the heap says nothing
 * of buffers. Where there is no /proc, it never does. Ends with the function that it gives back, or with the process.
 */
export function watchMemory(pid: number, limit: number, over: () => void): () => void {
  let looking = false
  const timer = setInterval(async () => {
    if (looking) return
    looking = true
    const resident = await residentMemory(pid)
    looking = false
    if (resident === null) return clearInterval(timer)
    if (resident <= limit) return
    clearInterval(timer)
    over()
  }, LOOK_EVERY)
  return () => clearInterval(timer)
}

/** MiB; null where it can't be known (any more). */
async function residentMemory(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const [, kibibytes] = /^VmRSS:\s*(\d+) kB$/m.exec(status) ?? []
  return kibibytes === undefined ? null : Number(kibibytes) / 1024
}

import { requestReport, socketClient, watch, type Api } from './client.ts'
import { cpuSeconds, family, figure, median, peak, residentMiB, timed, type Figure } from './measure.ts'
import type { Stage } from './stage.ts'

const ROWS = 1_000_000
const RUNS = 2
const FORMATS = ['CSV', 'XLSX', 'PARQUET'] as const
const REPORTS = { SQL: { lines: { upto: ROWS } }, TypeScript: { lineObjects: { upto: ROWS } } }
const NEW_CHILDREN_WITHIN = 30_000

/**
 * A million rows as XLSX and PARQUET against the same rows as CSV. Each is written by a process of its own, since what one report has
 * had its process take stays there for the next: in a new one first, and then again in the same, which is what is timed.
 */
export async function benchFormats(stage: Stage, workerPid: number, say: (line: string) => void): Promise<Figure[]> {
  const api: Api = { http: stage.service.url, token: stage.service.adminToken }
  const client = socketClient(api)
  const written = async (report: object, format: string) => {
    const { id } = await requestReport(api, report, { format })
    const last = await watch(client, id)
    if (last.status !== 'SUCCEEDED') throw new Error(`the report ended as ${last.status}`)
  }
  /** The largest of the worker and its children, each by itself: one of them writes. */
  const largest = (pids: readonly number[]) => Math.max(...pids.map((pid) => residentMiB([pid])))

  async function measure(report: object, format: string) {
    const pids = await newChildren(workerPid)
    const idle = largest(pids)
    const times: number[] = []
    let [most, spent] = [0, 0]
    for (let turn = 0; turn <= RUNS; turn++) {
      const before = cpuSeconds(pids)
      const run = await peak(
        () => largest(pids),
        () => timed(() => written(report, format)),
      )
      most = Math.max(most, run.most)
      if (turn === 0) continue // warms caches and compilers
      times.push(run.value.ms)
      spent = cpuSeconds(pids) - before
    }
    return { ms: median(times), spent, most, idle }
  }

  const figures: Figure[] = []
  try {
    for (const [kind, report] of Object.entries(REPORTS)) {
      let csv = 0
      for (const format of FORMATS) {
        const { ms, spent, most, idle } = await measure(report, format)
        if (format === 'CSV') csv = ms
        say(
          `1,000,000 rows of ${kind} as ${format}: ${(ms / 1000).toFixed(2)} s (${(ms / csv).toFixed(2)}x CSV), ${spent.toFixed(2)} s of processor time, most resident memory of its process ${most.toFixed(0)} MiB (${idle.toFixed(0)} when idle)`,
        )
        if (format !== 'CSV')
          figures.push(figure(`1,000,000 rows of ${kind} as ${format}, memory`, most, ' MiB', { most: 250 }))
      }
    }
    return figures
  } finally {
    await client.dispose()
  }
}

/** Ends the idle children of the worker, which brings up others in their place; answers all of its processes. */
async function newChildren(workerPid: number): Promise<number[]> {
  const before = family(workerPid).filter((pid) => pid !== workerPid)
  for (const pid of before) process.kill(pid, 'SIGKILL')
  const deadline = performance.now() + NEW_CHILDREN_WITHIN
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 250))
    const now = family(workerPid)
    if (now.length > before.length && !now.some((pid) => before.includes(pid))) break
    if (performance.now() > deadline) throw new Error('The worker has not brought up other children.')
  }
  // The last of them is there; it has yet to load what it runs.
  let last = 0
  for (let now = residentMiB(family(workerPid)); Math.abs(now - last) >= 1; now = residentMiB(family(workerPid))) {
    last = now
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
  return family(workerPid)
}

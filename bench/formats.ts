import { requestReport, socketClient, watch, type Api } from './client.ts'
import { cpuSeconds, family, figure, median, peak, residentMiB, timed, type Figure } from './measure.ts'
import type { Stage } from './stage.ts'

const ROWS = 1_000_000
const RUNS = 2
const FORMATS = ['CSV', 'XLSX', 'PARQUET'] as const
const REPORTS = { SQL: { lines: { upto: ROWS } }, TypeScript: { lineObjects: { upto: ROWS } } }

/** A million rows as XLSX and PARQUET against the same rows as CSV, in turns; and what the process that writes them holds at most. */
export async function benchFormats(stage: Stage, workerPid: number, say: (line: string) => void): Promise<Figure[]> {
  const api: Api = { http: stage.service.url, token: stage.service.adminToken }
  const client = socketClient(api)
  const written = async (report: object, format: string) => {
    const { id } = await requestReport(api, report, { format })
    const last = await watch(client, id)
    if (last.status !== 'SUCCEEDED') throw new Error(`the report ended as ${last.status}`)
  }
  /** The largest of the worker and its children, each by itself: one of them writes. */
  const largest = () => Math.max(...family(workerPid).map((pid) => residentMiB([pid])))
  const figures: Figure[] = []
  try {
    for (const [kind, report] of Object.entries(REPORTS)) {
      const times: Record<string, number[]> = { CSV: [], XLSX: [], PARQUET: [] }
      const most: Record<string, number> = { CSV: 0, XLSX: 0, PARQUET: 0 }
      const spent: Record<string, number> = { CSV: 0, XLSX: 0, PARQUET: 0 }
      for (let turn = 0; turn <= RUNS; turn++)
        for (const format of FORMATS) {
          const before = cpuSeconds(family(workerPid))
          const run = await peak(largest, () => timed(() => written(report, format)))
          if (turn === 0) continue // warms caches and compilers
          times[format]!.push(run.value.ms)
          most[format] = Math.max(most[format]!, run.most)
          spent[format] = cpuSeconds(family(workerPid)) - before
        }
      const csv = median(times['CSV']!)
      for (const format of FORMATS) {
        const ms = median(times[format]!)
        say(
          `1,000,000 rows of ${kind} as ${format}: ${(ms / 1000).toFixed(2)} s (${(ms / csv).toFixed(2)}x CSV), ${spent[format]!.toFixed(2)} s of processor time, most resident memory of its process ${most[format]!.toFixed(0)} MiB`,
        )
        if (format !== 'CSV')
          figures.push(figure(`1,000,000 rows of ${kind} as ${format}, memory`, most[format]!, ' MiB', { most: 250 }))
      }
    }
    return figures
  } finally {
    await client.dispose()
  }
}

import { requestReport, socketClient, watch, type Api } from './client.ts'
import { figure, quantile, timed, type Figure } from './measure.ts'
import type { Stage } from './stage.ts'

const REPORTS = 200

/** Of an idle service, one report after another: requestReport itself, and from its answer to RUNNING at a WebSocket client. */
export async function benchLatency(stage: Stage, say: (line: string) => void): Promise<Figure[]> {
  const api: Api = { http: stage.service.url, token: stage.service.adminToken }
  const client = socketClient(api)
  const asking: number[] = []
  const running: number[] = []
  try {
    for (let n = -20; n < REPORTS; n++) {
      const asked = await timed(() => requestReport(api, { nothing: {} }))
      const answered = performance.now()
      let seen: number | undefined
      // The first event that is past QUEUED: a report this short may have ended before its RUNNING could be shown.
      await watch(client, asked.value.id, ({ status }) => {
        if (status !== 'QUEUED') seen ??= performance.now()
      })
      if (n < 0 || seen === undefined) continue
      asking.push(asked.ms)
      running.push(seen - answered)
    }
  } finally {
    await client.dispose()
  }
  say(
    `requestReport: p50 ${quantile(asking, 0.5).toFixed(1)} ms, p95 ${quantile(asking, 0.95).toFixed(1)} ms, over ${asking.length} reports`,
  )
  return [
    figure('requestReport, p95', quantile(asking, 0.95), ' ms', { most: 30 }),
    figure('Answer to first RUNNING event, p50', quantile(running, 0.5), ' ms', { most: 30 }),
    figure('Answer to first RUNNING event, p99', quantile(running, 0.99), ' ms', { most: 150 }),
  ]
}

import { createLog } from '../src/log.ts'
import { createPublisher } from '../src/progress/publisher.ts'

/** As if so many workers told of them: one alone tells dashboards of a report twice a second at most. */
const WORKERS = 2

export interface MovingReports {
  /** Rises all the time until closed. */
  told(): number
  close(): Promise<void>
}

/** Publishes so many events a second about these reports, in turns and evenly, as workers do. */
export function moveReports(options: {
  redisUrl: string
  tenantId: string
  ids: readonly string[]
  perSecond: number
}): MovingReports {
  const { redisUrl, tenantId, ids, perSecond } = options
  const log = createLog({ level: 'fatal', process: 'bench' })
  const publishers = Array.from({ length: WORKERS }, () => createPublisher({ redisUrl, log }))
  const began = performance.now()
  let told = 0

  function tell(): void {
    const reportId = ids[told % ids.length] as string
    const round = Math.floor(told / ids.length)
    const rowsWritten = (round * 997) % 100_000
    publishers[round % WORKERS]?.publish({
      kind: 'PROGRESSED',
      event: {
        reportId,
        tenantId,
        sequence: 2 ** 21 + round,
        status: 'RUNNING',
        stage: 'WRITING',
        attempt: 1,
        percent: rowsWritten / 1_000,
        rowsWritten,
        rowsTotal: 100_000,
        bytesWritten: rowsWritten * 170,
        message: null,
        etaSeconds: 60,
        at: Date.now(),
      },
    })
    told++
  }
  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 1_000) * perSecond
    while (told < due) tell()
  }, 5)

  return {
    told: () => told,
    async close() {
      clearInterval(timer)
      await Promise.all(publishers.map((publisher) => publisher.close()))
    },
  }
}

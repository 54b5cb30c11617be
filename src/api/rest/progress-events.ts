import { progressFacts } from './facts.ts'
import { notFound, Problem } from './problem.ts'
import type { Answer, Call, ServerSent } from './route.ts'

/**
 * A report's progress as server-sent events. `id` is the sequence, so that a browser which lost the connection goes on where it was;
 * one that comes back after the last event gets 204, by which it knows not to come again.
 */
export async function progressEvents(call: Call): Promise<Answer> {
  const after = sequenceOf(call.lastEventId)
  if (after !== null) {
    const { report } = await call.ask('Progress', { id: call.id })
    if (report === null) throw notFound()
    if (ENDED.has(report.progress.status) && report.progress.sequence <= after) return { status: 204 }
  }
  const progress = await call.follow('Watch', { id: call.id, after })
  async function* events(): AsyncGenerator<ServerSent | null> {
    try {
      for await (const data of progress) {
        if (data === null) yield null
        else {
          const facts = progressFacts(call.id, data['reportProgress'])
          yield { event: 'progress', id: String(facts.sequence), data: facts }
        }
      }
      yield { event: 'complete', data: {} }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      yield { event: 'error', data: error }
    }
  }
  return { status: 200, events: Object.assign(events(), { close: progress.close }) }
}

const ENDED: ReadonlySet<string> = new Set(['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'])

function sequenceOf(id: string | null): number | null {
  return id !== null && /^\d{1,15}$/.test(id) ? Number(id) : null
}

import { ListedSchedulesDocument } from '../client/generated/graphql.ts'
import { EXIT, type Exit } from './outcome.ts'
import { paged } from './pages.ts'
import { table } from './plain.ts'
import type { Session } from './session.ts'

/** `schedules`: what is asked for again and again, and when next. */
export async function schedules(session: Session, { first }: { first: number }): Promise<Exit> {
  const { client, signal, json } = session
  const found = await Array.fromAsync(
    paged(first, async (page) => (await client.api.ask(ListedSchedulesDocument, page, signal)).schedules),
  )
  if (json) {
    session.printJson(found.map(({ type: { name }, ...schedule }) => ({ ...schedule, type: name })))
    return EXIT.DONE
  }
  const rows = found.map(({ id, title, type, cron, every, at, timeZone, paused, nextRunAt }) => [
    id,
    cron ?? (every ? `every ${every}` : `at ${at}`),
    timeZone,
    paused ? 'paused' : (nextRunAt ?? 'never again'),
    type.name,
    title,
  ])
  for (const line of table(['ID', 'CADENCE', 'TIME ZONE', 'NEXT', 'TYPE', 'TITLE'], rows)) session.print(line)
  return EXIT.DONE
}

import { follow } from './follow.ts'
import { isEnd, WrongUse, type Exit } from './outcome.ts'
import type { Progress } from '../client/client.ts'
import type { Session } from './session.ts'

/** `watch ID`: to the report's end. With --json a line for each event; the last one has the report, and the path of its document. */
export async function watch(session: Session, id: string, { out }: { out?: string }): Promise<Exit> {
  const { json, printJson } = session
  if (json && out === '-') throw new WrongUse('--json and --out - both want stdout.')
  let last: Progress | undefined
  const { report, exit } = await follow(session, id, {
    out,
    onProgress(progress) {
      if (json && !isEnd(progress.status)) printJson(progress)
      last = progress
    },
  })
  if (json) printJson({ ...last, report })
  return exit
}

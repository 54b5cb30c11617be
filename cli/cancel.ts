import { Refused } from '../client/client.ts'
import { EXIT, type Exit } from './outcome.ts'
import type { Session } from './session.ts'

/** `cancel ID...`: each is asked for, also after one that was refused. */
export async function cancel(session: Session, ids: readonly string[]): Promise<Exit> {
  const { client, signal, json, print, printJson, fault } = session
  const answers: object[] = []
  let exit: Exit = EXIT.DONE
  for (const id of ids) {
    try {
      const { status } = await client.cancelReport(id, { signal })
      answers.push({ id, status })
      if (!json) print(`${id}  ${status}`)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      exit = EXIT.REFUSED
      answers.push({ id, userErrors: error.userErrors })
      fault(`${id}: ${error.userErrors.map(({ message }) => message).join(' ')}`)
    }
  }
  if (json) printJson(ids.length === 1 ? answers[0] : answers)
  return exit
}

import { setImmediate as othersWent } from 'node:timers/promises'

/**
 * Makes work wait for its turn: one piece after the other, and between two of them whatever else the process has to do. For what
 * a caller may ask for many times in one operation, each time for a tenth of a second.
 */
export function createInTurn(): <T>(work: () => T) => Promise<T> {
  let before: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = before.then(() => othersWent()).then(work)
    before = mine.catch(() => 'told to who asked for it')
    return mine
  }
}

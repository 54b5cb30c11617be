/**
 * Runs work of one name one after the other in this process. What would wait for a lock of the database waits here, and holds no
 * connection that others need.
 */
export function createInLine(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return (name, work) => {
    const mine = (last.get(name) ?? Promise.resolve()).then(work, work)
    last.set(name, mine)
    const done = () => void (last.get(name) === mine && last.delete(name))
    mine.then(done, done)
    return mine
  }
}

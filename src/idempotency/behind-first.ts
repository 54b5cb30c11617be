/**
 * Runs work at once, unless work of the same name is under way in this process: then behind the first of them, whatever
 * became of it. What would wait for a lock of the database waits here, and holds no connection that others need.
 */
export function createBehindFirst(): <T>(name: string | null, work: () => Promise<T>) => Promise<T> {
  const first = new Map<string, Promise<unknown>>()
  return (name, work) => {
    if (name === null) return work()
    const leading = first.get(name)
    if (leading) return leading.then(work, work)
    const leader = work()
    first.set(name, leader)
    return leader.finally(() => first.delete(name))
  }
}

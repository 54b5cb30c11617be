/**
 * What several streams give, in no order, as it comes: `most` of them are read at once, one item of each is held at most, and a further
 * one is begun when one has ended. The failure of one is the failure of all; the others are closed then, and when the reader leaves.
 */
export async function* merged<T>(
  streams: Iterable<() => AsyncIterable<T>>,
  most: number,
): AsyncGenerator<T, void, undefined> {
  interface Turn {
    readonly stream: AsyncIterator<T>
    next: Promise<{ turn: Turn; result: IteratorResult<T> }>
  }
  const waiting = streams[Symbol.iterator]()
  const open = new Set<Turn>()
  const ask = (turn: Turn) => (turn.next = turn.stream.next().then((result) => ({ turn, result })))
  const begin = () => {
    const next = waiting.next()
    if (next.done) return
    const turn = { stream: next.value()[Symbol.asyncIterator]() } as Turn
    open.add(turn)
    // Whichever fails first is heard; of the rest nobody asks any more.
    ask(turn).catch(() => undefined)
  }
  try {
    while (open.size < most) {
      const before = open.size
      begin()
      if (open.size === before) break
    }
    while (open.size > 0) {
      const { turn, result } = await Promise.race([...open].map(({ next }) => next))
      if (result.done) {
        open.delete(turn)
        begin()
        continue
      }
      ask(turn).catch(() => undefined)
      yield result.value
    }
  } finally {
    await Promise.allSettled([...open].map(async ({ stream }) => stream.return?.()))
  }
}

import { useEffect, useState } from 'preact/hooks'

/** A value that changes, and those who want to hear of it. */
export interface Store<Value> {
  get(): Value
  set(value: Value): void
  /** Answers how to stop listening. */
  listen(heard: () => void): () => void
}

export function createStore<Value>(first: Value): Store<Value> {
  let value = first
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return
      value = next
      for (const heard of listeners) heard()
    },
    listen(heard) {
      listeners.add(heard)
      return () => void listeners.delete(heard)
    },
  }
}

/** The store's value; the component is drawn again when it changes. */
export function useStore<Value>(store: Pick<Store<Value>, 'get' | 'listen'>): Value {
  const [, redraw] = useState({})
  const value = store.get()
  useEffect(() => {
    // It may have changed between the drawing and this.
    if (!Object.is(store.get(), value)) redraw({})
    return store.listen(() => redraw({}))
    // oxlint-disable-next-line react/exhaustive-deps -- the value is only compared, a new one needs no new listener
  }, [store])
  return value
}

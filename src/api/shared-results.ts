import type { ExecutionArgs, ExecutionResult } from 'graphql'
import type { Viewer } from '../identity/viewer.ts'

/**
 * Watchers of one report get the same event object, because a message is decoded once. Those of them who ask the same
 * words with the same rights then share its result as well: a thousand viewers of one report cost one execution an event.
 */
export function createSharedResults() {
  const byEvent = new WeakMap<object, Map<string, Promise<ExecutionResult>>>()
  const numbers = new WeakMap<object, number>()
  let documents = 0

  /** The pipeline's parser answers the same document for the same text, so its number stands for the text. */
  function numberOf(document: object): number {
    const known = numbers.get(document)
    if (known !== undefined) return known
    numbers.set(document, ++documents)
    return documents
  }

  return {
    /** What two subscriptions have in common when they may share: the words, the values, and all that a right depends on. */
    keyOf({ document, operationName, variableValues }: ExecutionArgs, viewer: Viewer): string {
      return JSON.stringify([numberOf(document), operationName ?? null, variableValues ?? null, viewer])
    },

    /** The result for this event and key: from the first who asks, for all others. Forgotten with the event. */
    of(event: unknown, key: string, run: () => Promise<ExecutionResult>): Promise<ExecutionResult> {
      if (typeof event !== 'object' || event === null) return run()
      let results = byEvent.get(event)
      if (!results) byEvent.set(event, (results = new Map()))
      let result = results.get(key)
      if (!result) results.set(key, (result = run()))
      return result
    },
  }
}

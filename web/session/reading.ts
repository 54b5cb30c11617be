import type { TypedDocumentNode } from '@urql/core'
import { useEffect, useState } from 'preact/hooks'
import type { Failure } from '../api/failure.ts'
import { createTurns } from '../api/turns.ts'
import { useSigned } from './viewer.tsx'

export interface Read<Result> {
  /** Null until it is there. */
  readonly found: Result | null
  readonly failure: Failure | null
}

/** What a view reads once, when it opens; after a failure that may pass again, ever later, and as soon as the page is live. Null: nothing is wanted. */
export function useReading<Result, Wanted extends Record<string, unknown>>(
  document: TypedDocumentNode<Result, Wanted>,
  variables: Wanted | null,
): Read<Result> {
  const { connection } = useSigned()
  const [read, setRead] = useState<Read<Result>>({ found: null, failure: null })
  const wanted = JSON.stringify(variables)

  useEffect(() => {
    if (variables === null) return
    let over = false
    let there = false
    const turns = createTurns(
      async () => {
        // Asked for twice at the start, it may have come meanwhile.
        if (there) return
        const found = await connection.ask(document, variables)
        if (over) return
        there = true
        setRead({ found, failure: null })
      },
      (failure) => setRead({ found: null, failure }),
    )
    const stop = connection.line.listen(() => !there && connection.line.get() === 'live' && turns.ask('at once'))
    turns.ask('at once')
    return () => {
      over = true
      stop()
      turns.close()
    }
    // oxlint-disable-next-line react/exhaustive-deps -- the variables are compared by what they say
  }, [connection, document, wanted])
  return read
}

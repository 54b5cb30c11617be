import type { TypedDocumentNode } from '@urql/core'
import { useEffect, useState } from 'preact/hooks'
import type { Failure } from '../api/failure.ts'
import { useSigned } from './viewer.tsx'

export interface Read<Result> {
  /** Null until it is there. */
  readonly found: Result | null
  readonly failure: Failure | null
}

/** What a view reads once, when it opens; after a failure again as soon as the page is live. Null: nothing is wanted. */
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
    let failed = false
    const ask = () =>
      connection.ask(document, variables).then(
        (found) => over || setRead({ found, failure: null }),
        (failure: Failure) => {
          failed = true
          if (!over) setRead({ found: null, failure })
        },
      )
    const stop = connection.line.listen(() => {
      if (!failed || over || connection.line.get() !== 'live') return
      failed = false
      void ask()
    })
    void ask()
    return () => {
      over = true
      stop()
    }
    // oxlint-disable-next-line react/exhaustive-deps -- the variables are compared by what they say
  }, [connection, document, wanted])
  return read
}

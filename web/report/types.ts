import { useEffect, useState } from 'preact/hooks'
import { createTurns } from '../api/turns.ts'
import { ListedTypesDocument, type ListedTypesQuery } from '../generated/graphql.ts'
import { useSigned } from '../session/viewer.tsx'

export type ListedType = ListedTypesQuery['reportTypes'][number]

/** The report types that the viewer sees; none until they are read. They change with the service's files only. */
export function useReportTypes(): readonly ListedType[] {
  const { connection } = useSigned()
  const [types, setTypes] = useState<readonly ListedType[]>([])
  useEffect(() => {
    // The list itself says what is wrong; the choice stays as it is until they can be read.
    const turns = createTurns(
      () => connection.ask(ListedTypesDocument, {}).then(({ reportTypes }) => setTypes(reportTypes)),
      () => undefined,
    )
    turns.ask('at once')
    return turns.close
  }, [connection])
  return types
}

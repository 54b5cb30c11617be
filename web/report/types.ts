import { useEffect, useState } from 'preact/hooks'
import { ListedTypesDocument, type ListedTypesQuery } from '../generated/graphql.ts'
import { useSigned } from '../session/viewer.tsx'

export type ListedType = ListedTypesQuery['reportTypes'][number]

/** The report types that the viewer sees; none until they are read. They change with the service's files only. */
export function useReportTypes(): readonly ListedType[] {
  const { connection } = useSigned()
  const [types, setTypes] = useState<readonly ListedType[]>([])
  useEffect(() => {
    let left = false
    connection.ask(ListedTypesDocument, {}).then(
      ({ reportTypes }) => left || setTypes(reportTypes),
      // The list itself says what is wrong; the choice stays empty.
      () => left || setTypes([]),
    )
    return () => void (left = true)
  }, [connection])
  return types
}

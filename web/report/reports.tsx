import { useEffect, useState } from 'preact/hooks'
import { addressOf, go, useAddress } from '../address.ts'
import { useStore } from '../api/store.ts'
import { Notice } from '../parts/notice.tsx'
import { count } from '../parts/figures.ts'
import { useSigned } from '../session/viewer.tsx'
import { FilterBar, useFilter } from './filter.tsx'
import { createLiveList, type LiveList } from './live-list.ts'
import { ReportPage } from './report-page.tsx'
import { ReportTable } from './table.tsx'

/** All reports that the viewer may see, moving by themselves; beside them the one that is open. */
export function Reports({ id }: { id: string | undefined }) {
  const { connection } = useSigned()
  const { search } = useAddress()
  const filter = useFilter()
  const [list, setList] = useState<LiveList | null>(null)
  // The list lives as long as its filter, whatever is open beside it.
  const asked = JSON.stringify(filter)
  useEffect(() => {
    const made = createLiveList(connection, filter)
    setList(made)
    return made.close
  }, [connection, asked])

  return (
    <div class={id === undefined ? 'reports' : 'reports reports-open'}>
      <section class="reports-list" aria-label="Reports">
        {list && <Listed list={list} open={id} />}
      </section>
      {id !== undefined && (
        <aside class="reports-one" aria-label="Report">
          <ReportPage key={id} id={id} close={() => go(addressOf(['reports'], search))} />
        </aside>
      )}
    </div>
  )
}

function Listed({ list, open }: { list: LiveList; open: string | undefined }) {
  const { ids, more, reading, failure } = useStore(list.listed)
  const found = reading
    ? 'Reading…'
    : `${count(ids.length)}${more ? ' or more' : ''} ${ids.length === 1 && !more ? 'report' : 'reports'}`
  return (
    <>
      <FilterBar found={found} />
      {failure && <Notice wrong>{failure.message}</Notice>}
      {!reading && !failure && ids.length === 0 ? (
        <p class="empty">
          No report like this yet. <a href={addressOf(['ask'])}>Ask for one</a>.
        </p>
      ) : (
        <ReportTable list={list} ids={ids} open={open} />
      )}
    </>
  )
}

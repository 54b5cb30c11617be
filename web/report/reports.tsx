import { useEffect, useRef, useState } from 'preact/hooks'
import { addressOf, go, useAddress } from '../address.ts'
import { useStore } from '../api/store.ts'
import { Notice } from '../parts/notice.tsx'
import { count } from '../parts/figures.ts'
import { useMay, useSigned } from '../session/viewer.tsx'
import { FilterBar, useFilter } from './filter.tsx'
import { KeysDialog, useKeys } from './keys.tsx'
import { createLiveList, type LiveList } from './live-list.ts'
import { ReportPage } from './report-page.tsx'
import { ReportTable } from './table.tsx'

/** All reports that the viewer may see, moving by themselves; beside them the one that is open. */
export function Reports({ id }: { id: string | undefined }) {
  const { connection } = useSigned()
  const { search } = useAddress()
  const { ask: asks } = useMay()
  const filter = useFilter()
  const view = useRef<HTMLDivElement>(null)
  const [list, setList] = useState<LiveList | null>(null)
  const [keysShown, showKeys] = useState(false)
  // The list lives as long as its filter, whatever is open beside it.
  const asked = JSON.stringify(filter)
  useEffect(() => {
    const made = createLiveList(connection, filter)
    setList(made)
    return made.close
  }, [connection, asked])

  const find = (selector: string) => view.current?.querySelector<HTMLElement>(selector)
  const close = () => {
    if (id !== undefined) go(addressOf(['reports'], search))
  }
  // Whoever closes it is back in the list, at the row that was open.
  const before = useRef(id)
  useEffect(() => {
    if (before.current !== undefined && id === undefined) find('[role=grid]')?.focus()
    before.current = id
  }, [id])
  useKeys({
    '/': () => find('input[name=text]')?.focus(),
    n: () => asks && go(addressOf(['ask'])),
    Escape: close,
    '?': () => showKeys(true),
  })

  return (
    <div ref={view} class={id === undefined ? 'reports' : 'reports reports-open'}>
      <section class="reports-list" aria-label="Reports">
        <h1 class="hidden">Reports</h1>
        {list && <Listed list={list} open={id} filtered={asked !== '{}'} />}
      </section>
      {id !== undefined && (
        <aside class="reports-one" aria-label="Report">
          <ReportPage key={id} id={id} close={close} list={list} />
        </aside>
      )}
      {keysShown && <KeysDialog asks={asks} close={() => showKeys(false)} />}
    </div>
  )
}

function Listed({ list, open, filtered }: { list: LiveList; open: string | undefined; filtered: boolean }) {
  const { ids, more, reading, failure } = useStore(list.listed)
  const { ask: asks } = useMay()
  const found = reading
    ? 'Reading…'
    : failure && ids.length === 0
      ? ''
      : `${count(ids.length)}${more ? ' or more' : ''} ${ids.length === 1 && !more ? 'report' : 'reports'}`
  // Told once for each filter: what comes in later is no reason to interrupt anybody.
  const [told, tell] = useState('')
  useEffect(() => tell(reading ? '' : found), [list, reading])
  return (
    <>
      <FilterBar found={found} />
      <span class="hidden" role="status">
        {told}
      </span>
      {failure && <Notice wrong>{failure.message}</Notice>}
      {!reading && !failure && ids.length === 0 ? (
        <p class="empty">
          {filtered ? 'No report like this.' : 'No report yet.'}{' '}
          {asks && <a href={addressOf(['ask'])}>{filtered ? 'Ask for one' : 'Ask for the first one'}</a>}
        </p>
      ) : (
        <ReportTable list={list} ids={ids} more={more} open={open} />
      )}
    </>
  )
}

import { useEffect, useRef, useState } from 'preact/hooks'
import { addressOf, go, useAddress } from '../address.ts'
import type { LiveList } from './live-list.ts'
import { ReportRow } from './row.tsx'
import { useWindow } from './window.ts'

const COLUMNS = ['Status', 'Report', 'Progress', 'Type', 'Asked by', 'Priority', 'Age']

interface Table {
  list: LiveList
  ids: readonly string[]
  /** There are older ones. */
  more: boolean
  open: string | undefined
}

/**
 * Rows of one height, of which only those in sight exist. A grid of ARIA's: it has the focus itself and says which row is
 * active, so that a row that scrolls away takes no focus with it.
 */
export function ReportTable({ list, ids, more, open }: Table) {
  const { search } = useAddress()
  const scroller = useRef<HTMLDivElement>(null)
  const { first, last, rowHeight, page, show } = useWindow(scroller, ids)
  // Remembered by id: rows that come in above do not move it.
  const [active, setActive] = useState<string | null>(open ?? null)
  const at = active === null ? -1 : ids.indexOf(active)

  useEffect(() => {
    if (more && last >= ids.length - 20) list.readMore()
  }, [list, more, last, ids.length])

  // A list that has become narrow has higher rows: the one that is open stays in sight.
  const read = ids.length > 0
  useEffect(() => {
    const opened = open === undefined ? -1 : ids.indexOf(open)
    if (opened >= 0) show(opened)
  }, [open, read, rowHeight])

  const openRow = (id: string) => go(addressOf(['reports', id], search))
  const move = (to: number) => {
    const next = Math.min(Math.max(to, 0), ids.length - 1)
    setActive(ids[next] ?? null)
    show(next)
  }
  const KEYS: Readonly<Record<string, () => void>> = {
    ArrowDown: () => move(at + 1),
    ArrowUp: () => move(at - 1),
    PageDown: () => move(at + page),
    PageUp: () => move(at - page),
    Home: () => move(0),
    End: () => move(ids.length - 1),
    Enter: () => active !== null && openRow(active),
  }

  return (
    <div
      ref={scroller}
      class="table"
      role="grid"
      tabIndex={0}
      aria-label="Reports"
      aria-rowcount={more ? -1 : ids.length + 1}
      aria-activedescendant={at >= first && at < last ? rowId(active) : undefined}
      onFocus={() => active === null && ids.length > 0 && setActive(ids[first] ?? null)}
      onKeyDown={(event) => {
        const act = KEYS[event.key]
        if (!act || event.altKey || event.ctrlKey || event.metaKey) return
        event.preventDefault()
        act()
      }}
    >
      <div class="table-head" role="rowgroup">
        <div class="row row-head" role="row" aria-rowindex={1}>
          {COLUMNS.map((name) => (
            <span key={name} role="columnheader" class={`cell-${name.toLowerCase().replace(' ', '-')}`}>
              {name}
            </span>
          ))}
        </div>
      </div>
      <div class="table-body" role="rowgroup" style={{ height: `${ids.length * rowHeight}px` }}>
        {ids.slice(first, last).map((id, index) => (
          <ReportRow
            key={id}
            id={id}
            domId={rowId(id)}
            row={list.row}
            isNew={list.isNew}
            top={(first + index) * rowHeight}
            index={first + index + 2}
            active={id === active}
            open={id === open}
            onOpen={() => {
              setActive(id)
              openRow(id)
            }}
          />
        ))}
      </div>
    </div>
  )
}

const rowId = (id: string | null) => `row-${id}`

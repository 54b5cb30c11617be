import { useEffect, useState } from 'preact/hooks'
import { useStore } from '../api/store.ts'
import { Notice } from '../parts/notice.tsx'
import { createLiveList, type LiveList } from '../report/live-list.ts'
import { ReportTable } from '../report/table.tsx'
import { useSigned } from '../session/viewer.tsx'

/** In sight at once; the list scrolls. */
const MOST_ROWS = 6

/** Reports that a schedule has asked for, by a slot or because somebody wanted one now; they move by themselves. */
export function ScheduleReports({ id }: { id: string }) {
  const { connection } = useSigned()
  const [list, setList] = useState<LiveList | null>(null)
  useEffect(() => {
    const made = createLiveList(connection, { scheduleId: id })
    setList(made)
    return made.close
  }, [connection, id])
  return list && <Listed list={list} />
}

function Listed({ list }: { list: LiveList }) {
  const { ids, more, reading, failure } = useStore(list.listed)
  if (ids.length === 0 && failure) return <Notice wrong>{failure.message}</Notice>
  if (ids.length === 0) return <p class="help">{reading ? 'Reading…' : 'It has asked for none yet.'}</p>
  return (
    <div class="schedule-reports">
      {failure && <Notice wrong>{failure.message}</Notice>}
      <div style={{ '--rows': String(Math.min(ids.length, MOST_ROWS)) }}>
        <ReportTable list={list} ids={ids} more={more} open={undefined} />
      </div>
    </div>
  )
}

import { useAddress } from '../address.ts'
import { Notice } from '../parts/notice.tsx'
import { useMay } from '../session/viewer.tsx'
import { EditSchedule, NewSchedule } from './prepare.tsx'
import { ScheduleList } from './list.tsx'
import { SchedulePage } from './schedule-page.tsx'

/** `#/schedules`, `#/schedules/new`, `#/schedules/ID`, `#/schedules/ID/edit`. */
export function Schedules({ id }: { id: string | undefined }) {
  const may = useMay()
  const { path, search } = useAddress()
  const writes = id === 'new' || path[2] === 'edit'

  if (!may.readSchedules || (writes && !may.plan))
    return (
      <section class="view">
        <Notice>Your token or your role does not go so far as to {writes ? 'make or change' : 'see'} schedules.</Notice>
      </section>
    )
  if (id === undefined) return <ScheduleList />
  if (id === 'new') return <NewSchedule key={search.toString()} from={search.get('from')} type={search.get('type')} />
  return writes ? <EditSchedule key={id} id={id} /> : <SchedulePage key={id} id={id} />
}

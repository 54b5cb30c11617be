import { useEffect, useState } from 'preact/hooks'
import { addressOf, go } from '../address.ts'
import { useStore } from '../api/store.ts'
import type { SchedulePlanFragment } from '../generated/graphql.ts'
import { Notice } from '../parts/notice.tsx'
import { useMay, useSigned } from '../session/viewer.tsx'
import { Actions } from './actions.tsx'
import { Facts } from './facts.tsx'
import { Ledger } from './ledger.tsx'
import { createLiveSchedule, type LiveSchedule } from './live-schedule.ts'
import { ScheduleReports } from './reports.tsx'
import { Upcoming } from './when.tsx'
import { channelWord } from './words.ts'

const home = () => go(addressOf(['schedules']))

/** One schedule: its plan, what comes, what came of it. */
export function SchedulePage({ id }: { id: string }) {
  const { connection } = useSigned()
  const may = useMay()
  const [live, setLive] = useState<LiveSchedule | null>(null)
  useEffect(() => {
    const made = createLiveSchedule(connection, id, may.readReports)
    setLive(made)
    return made.close
  }, [connection, id, may.readReports])

  return (
    <article class="view panel schedule">
      <p class="back">
        <a href={addressOf(['schedules'])}>All schedules</a>
      </p>
      {live && <Shown live={live} />}
    </article>
  )
}

function Shown({ live }: { live: LiveSchedule }) {
  const { schedule, slots, more, failure } = useStore(live.one)
  const may = useMay()
  if (schedule === undefined) return failure ? <Notice wrong>{failure.message}</Notice> : <p class="help">Reading…</p>
  if (schedule === null) return <p class="empty">There is no such schedule, or it is not yours to see.</p>
  return (
    <>
      {failure && <Notice wrong>{failure.message}</Notice>}
      <header>
        <h1>
          {schedule.title}
          {schedule.paused && <span class="badge">Paused</span>}
        </h1>
      </header>
      <Actions schedule={schedule} gone={home} />
      <div class="schedule-columns">
        <section>
          <h2>Plan</h2>
          <Facts schedule={schedule} />
        </section>
        <div>
          <section>
            <h2>Next runs</h2>
            <Next schedule={schedule} />
          </section>
          <section>
            <h2>Deliveries</h2>
            <Targets deliveries={schedule.deliveries} />
          </section>
        </div>
      </div>
      <section>
        <h2>Slots</h2>
        <Ledger slots={slots} zone={schedule.timeZone} more={more} readMore={live.readMore} />
      </section>
      {may.readReports && (
        <section>
          <h2>Reports</h2>
          <ScheduleReports id={schedule.id} />
        </section>
      )}
    </>
  )
}

function Next({ schedule: { paused, upcoming, timeZone } }: { schedule: SchedulePlanFragment }) {
  if (paused) return <p class="help">None while it is paused: slots that come meanwhile are skipped.</p>
  return upcoming.length === 0 ? <p class="help">None any more.</p> : <Upcoming slots={upcoming} zone={timeZone} />
}

function Targets({ deliveries }: Pick<SchedulePlanFragment, 'deliveries'>) {
  if (deliveries.length === 0) return <p class="help">Nowhere: its reports are read here.</p>
  return (
    <dl class="facts">
      {deliveries.map(({ id, channel, target }) => [
        <dt key={id}>{channelWord(channel)}</dt>,
        <dd key={`${id} target`}>{target}</dd>,
      ])}
    </dl>
  )
}

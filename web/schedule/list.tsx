import { useEffect, useState } from 'preact/hooks'
import { addressOf } from '../address.ts'
import { useStore } from '../api/store.ts'
import type { ScheduleRowFragment } from '../generated/graphql.ts'
import { count } from '../parts/figures.ts'
import { Notice } from '../parts/notice.tsx'
import { useMay, useSigned } from '../session/viewer.tsx'
import { Actions } from './actions.tsx'
import { cadenceWords } from './cadence-words.ts'
import { Dots } from './dots.tsx'
import { createLiveSchedules, type LiveSchedules } from './live-schedules.ts'
import { NextRun } from './when.tsx'

/** All schedules that the viewer may see, moving by themselves. */
export function ScheduleList() {
  const { connection } = useSigned()
  const may = useMay()
  const [live, setLive] = useState<LiveSchedules | null>(null)
  useEffect(() => {
    const made = createLiveSchedules(connection, may.readReports)
    setLive(made)
    return made.close
  }, [connection, may.readReports])

  return (
    <section class="view schedules">
      <header class="schedules-head">
        <h1>Schedules</h1>
        {live && <Found live={live} />}
        {may.plan && (
          <a class="button primary" href={addressOf(['schedules', 'new'])}>
            New schedule
          </a>
        )}
      </header>
      {live && <Listed live={live} />}
    </section>
  )
}

function Found({ live }: { live: LiveSchedules }) {
  const { rows, more, reading, failure } = useStore(live.listed)
  const words = `${count(rows.length)}${more ? ' or more' : ''} ${rows.length === 1 && !more ? 'schedule' : 'schedules'}`
  return (
    <span class="help" role="status">
      {reading ? 'Reading…' : failure && rows.length === 0 ? '' : words}
    </span>
  )
}

function Listed({ live }: { live: LiveSchedules }) {
  const { rows, more, reading, failure } = useStore(live.listed)
  const may = useMay()
  return (
    <>
      {failure && <Notice wrong>{failure.message}</Notice>}
      {!reading && !failure && rows.length === 0 && (
        <p class="empty">
          No schedule yet. {may.plan && <a href={addressOf(['schedules', 'new'])}>Make the first one</a>}
          {may.plan && ': a report that asks for itself.'}
        </p>
      )}
      <ul class="plans">
        {rows.map((row) => (
          <Row key={row.id} row={row} />
        ))}
      </ul>
      {more && (
        <p class="more">
          <button type="button" onClick={live.readMore}>
            Show more
          </button>
        </p>
      )}
    </>
  )
}

function Row({ row }: { row: ScheduleRowFragment }) {
  const { viewer } = useSigned()
  const { id, title, type, timeZone, paused, nextRunAt, createdBy, slots } = row
  return (
    <li class={paused ? 'plan plan-paused' : 'plan'}>
      <div class="plan-what">
        <h2>
          <a href={addressOf(['schedules', id])} title={title}>
            {title}
          </a>
          {paused && <span class="badge">Paused</span>}
        </h2>
        <p class="help">
          {type.title}
          {createdBy.id !== viewer.user.id && ` · ${createdBy.name}`}
        </p>
      </div>
      <p class="plan-cadence">{cadenceWords(row)}</p>
      <p class="plan-next">
        {nextRunAt === null ? (
          <span class="help">{paused ? 'Nothing while it is paused' : 'Nothing more to come'}</span>
        ) : (
          <NextRun at={nextRunAt} zone={timeZone} />
        )}
      </p>
      <div class="plan-last">
        <Dots slots={slots.nodes} title={title} />
      </div>
      <Actions schedule={row} />
    </li>
  )
}

import { Notice } from '../parts/notice.tsx'
import { count } from '../parts/figures.ts'
import { useMay } from '../session/viewer.tsx'
import { LastHour } from './last-hour.tsx'
import { useMoving, useSystem, type SystemNow } from './live.ts'
import { Queue } from './queue.tsx'
import { Workers } from './workers.tsx'

/** For who is paged: what is wrong, who works, what waits, what came of the last hour. */
export function Operations() {
  const { operate } = useMay()
  return (
    <section class="view operations" aria-labelledby="operations">
      <h1 id="operations">Operations</h1>
      {operate ? <Watched /> : <Notice wrong>Only an ADMIN whose token has the scope system:read sees this.</Notice>}
    </section>
  )
}

function Watched() {
  const { system, failure } = useSystem()
  const moving = useMoving()
  if (failure) return <Notice wrong>{failure.message}</Notice>
  if (!system) return <p class="help">Reading…</p>
  return (
    <>
      <AtAGlance system={system} />
      <Workers workers={system.workers} moving={moving} />
      <Queue queues={system.queues} />
      <LastHour minutes={system.lastHour} />
      <p class="help version">Broadsheet {system.version}</p>
    </>
  )
}

function AtAGlance({ system: { stuck, workers, queues } }: { system: SystemNow }) {
  const live = workers.filter(({ lost }) => !lost)
  const places = live.reduce((sum, { concurrency }) => sum + concurrency, 0)
  const [waiting, active] = (['waiting', 'active'] as const).map((of) => queues.reduce((sum, one) => sum + one[of], 0))
  return (
    <div class="glance">
      <div class={stuck === 0 ? 'glance-one' : 'glance-one glance-wrong'} role="status">
        <strong>{count(stuck)}</strong> stuck
        <p class="help">
          {stuck === 0
            ? 'Every report is with a worker, or waits its turn.'
            : 'Nobody works on these, though somebody should. Look for lost workers below, start one where none is live, and read the workers’ log: it says why nothing is taken up.'}
        </p>
      </div>
      <div class="glance-one">
        <strong>{count(active ?? 0)}</strong> running
        <p class="help">
          {count(places)} {places === 1 ? 'place' : 'places'} on {count(live.length)} live{' '}
          {live.length === 1 ? 'worker' : 'workers'}
        </p>
      </div>
      <div class="glance-one">
        <strong>{count(waiting ?? 0)}</strong> waiting
        <p class="help">Could start now, of all tenants</p>
      </div>
    </div>
  )
}

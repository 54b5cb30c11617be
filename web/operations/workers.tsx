import { addressOf } from '../address.ts'
import { count } from '../parts/figures.ts'
import { ProgressBar, progressWords } from '../parts/progress-bar.tsx'
import { Age } from '../parts/time.tsx'
import { useProgress, type Moving, type SystemNow } from './live.ts'

type Worker = SystemNow['workers'][number]
/** Lost ones stay known for a day, and one that can't start is lost again and again. */
const MOST_LOST = 5

/** Who carries out reports, and which; the lost ones last. */
export function Workers({ workers, moving }: { workers: readonly Worker[]; moving: Moving | null }) {
  const live = workers.filter(({ lost }) => !lost)
  const lost = workers.filter((worker) => worker.lost)
  return (
    <section aria-labelledby="workers">
      <h2 id="workers">Workers</h2>
      {live.length === 0 && (
        <p class="notice notice-wrong" role="alert">
          No worker is there: reports wait until one is started (<code>npm run worker</code>).
        </p>
      )}
      <ul class="workers">
        {[...live, ...lost.slice(0, MOST_LOST)].map((worker) => (
          <li key={worker.id} class={worker.lost ? 'card worker worker-lost' : 'card worker'}>
            <OneWorker worker={worker} moving={moving} />
          </li>
        ))}
      </ul>
      {lost.length > MOST_LOST && (
        <p class="help">And {count(lost.length - MOST_LOST)} more that were lost within the last day.</p>
      )}
    </section>
  )
}

function OneWorker({ worker, moving }: { worker: Worker; moving: Moving | null }) {
  const { host, startedAt, lastSeenAt, lost, concurrency, running } = worker
  return (
    <>
      <header>
        <h3>{host}</h3>
        <span class={lost ? 'status status-failed' : 'status status-succeeded'}>{lost ? 'Lost' : 'Live'}</span>
        <span class="help">
          {lost ? (
            <>
              last seen <Age at={lastSeenAt} />
            </>
          ) : (
            <>
              started <Age at={startedAt} />
            </>
          )}
        </span>
        <span class="help places">
          {count(running.length)} of {count(concurrency)} {concurrency === 1 ? 'place' : 'places'} taken
        </span>
      </header>
      {lost && running.length > 0 && <p class="help">What it had begun is taken up by another worker:</p>}
      {running.length === 0 ? (
        <p class="help">{lost ? 'It held nothing.' : 'Waits for a report.'}</p>
      ) : (
        <ul class="held">
          {running.map((report) => moving && <Held key={report.id} report={report} moving={moving} />)}
        </ul>
      )}
    </>
  )
}

function Held({ report, moving }: { report: Worker['running'][number]; moving: Moving }) {
  const { id, title, startedAt } = report
  const progress = useProgress(moving, id, report.progress)
  return (
    <li>
      <a href={addressOf(['reports', id])}>{title}</a>
      <ProgressBar progress={progress} label={title} />
      <span class="help">{progressWords(progress, startedAt)}</span>
    </li>
  )
}

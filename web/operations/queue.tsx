import { count, duration } from '../parts/figures.ts'
import { sentence } from '../parts/status.tsx'
import type { SystemNow } from './live.ts'

/** So many make a whole bar, unless more wait: a few are no alarm. */
const FULL = 20

/** How many wait, by priority, and for how long the first of them does. */
export function Queue({ queues }: { queues: SystemNow['queues'] }) {
  const most = Math.max(FULL, ...queues.map(({ waiting }) => waiting))
  return (
    <section aria-labelledby="queue">
      <h2 id="queue">Queue</h2>
      <div class="scroll-x" tabIndex={0} role="region" aria-labelledby="queue">
        <table class="plain-table queue">
          <thead>
            <tr>
              <th scope="col">Priority</th>
              <th scope="col" class="number">
                Waiting
              </th>
              <th scope="col" class="queue-depth">
                <span class="hidden">How many, as a bar</span>
              </th>
              <th scope="col" class="number">
                Running
              </th>
              <th scope="col" class="number">
                To be tried again
              </th>
              <th scope="col" class="number">
                First waits for
              </th>
            </tr>
          </thead>
          <tbody>
            {queues.map(({ priority, waiting, active, delayed, oldestWaitingSeconds }) => (
              <tr key={priority}>
                <th scope="row">{sentence(priority)}</th>
                <td class="number">{count(waiting)}</td>
                <td class="queue-depth" aria-hidden="true">
                  <span class="depth" style={{ width: `${(waiting / most) * 100}%` }} />
                </td>
                <td class="number">{count(active)}</td>
                <td class="number">{count(delayed)}</td>
                <td class="number">{oldestWaitingSeconds === null ? '–' : duration(oldestWaitingSeconds)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

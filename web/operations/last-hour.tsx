import { useMemo } from 'preact/hooks'
import { count } from '../parts/figures.ts'
import { Chart } from './chart.tsx'
import { minuteWord, series, total, type Counted } from './hour.ts'
import type { SystemNow } from './live.ts'

interface Drawn {
  counted: Counted
  title: string
  unit: readonly [string, string]
  colour: string
}
const DRAWN: readonly Drawn[] = [
  { counted: 'succeeded', title: 'Succeeded', unit: ['report', 'reports'], colour: 'good' },
  { counted: 'failed', title: 'Failed', unit: ['report', 'reports'], colour: 'bad' },
  { counted: 'rows', title: 'Rows written', unit: ['row', 'rows'], colour: 'busy' },
]

/** What ended in each minute: to see at a glance, and as a table for who can't. */
export function LastHour({ minutes }: { minutes: SystemNow['lastHour'] }) {
  const drawn = useMemo(
    () => DRAWN.map((one) => ({ ...one, data: series(minutes, one.counted), total: total(minutes, one.counted) })),
    [minutes],
  )
  return (
    <section aria-labelledby="last-hour">
      <h2 id="last-hour">The last hour</h2>
      <div class="charts">
        {drawn.map((one) => (
          <Chart key={one.counted} {...one} />
        ))}
      </div>
      <details class="minutes">
        <summary>The same as a table</summary>
        <div class="scroll-x minutes-rows" tabIndex={0} role="region" aria-label="The last hour, minute by minute">
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col">Minute</th>
                <th scope="col" class="number">
                  Succeeded
                </th>
                <th scope="col" class="number">
                  Failed
                </th>
                <th scope="col" class="number">
                  Canceled
                </th>
                <th scope="col" class="number">
                  Rows written
                </th>
              </tr>
            </thead>
            <tbody>
              {minutes.toReversed().map(({ at, succeeded, failed, canceled, rows }) => (
                <tr key={at}>
                  <th scope="row">{minuteWord(Date.parse(at) / 1_000)}</th>
                  <td class="number">{count(succeeded)}</td>
                  <td class="number">{count(failed)}</td>
                  <td class="number">{count(canceled)}</td>
                  <td class="number">{count(rows)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  )
}

import { since } from '../parts/figures.ts'
import { hereZone } from '../parts/time-zone.tsx'
import { useNow } from '../parts/time.tsx'
import { momentIn, offsetAt, offsetWord } from './zone.ts'

/** A slot on the reader's clock and, where it shows another time, on the schedule's. */
export function When({ at, zone }: { at: string; zone: string }) {
  const mine = hereZone()
  const [here, there] = [offsetAt(at, mine), offsetAt(at, zone)]
  const utc = `${at.slice(0, 19).replace('T', ' ')} UTC`
  return (
    <span class="when">
      <time dateTime={at} title={utc}>
        {momentIn(at, mine)}
      </time>
      {here !== there && (
        <span class="help when-there">
          {momentIn(at, zone)} in {zone}
          {there !== 0 && ` (${offsetWord(there)})`}
        </span>
      )}
    </span>
  )
}

/** "in 3 hr", and what it is on the clocks. */
export function NextRun({ at, zone }: { at: string; zone: string }) {
  const now = useNow()
  return (
    <>
      <strong class="next-in">{since(at, now)}</strong>
      <When at={at} zone={zone} />
    </>
  )
}

/** Slots that come, with a word wherever the zone's clock is moved between two of them. */
export function Upcoming({ slots, zone }: { slots: readonly string[]; zone: string }) {
  return (
    <ol class="upcoming">
      {slots.map((at, index) => {
        const before = slots[index - 1]
        const offset = offsetAt(at, zone)
        const was = before === undefined ? offset : offsetAt(before, zone)
        return (
          <li key={at}>
            <When at={at} zone={zone} />
            {offset !== was && (
              <span class="moved">
                Clocks in {zone} go {offset > was ? 'forward' : 'back'} before this one: {offsetWord(was)} →{' '}
                {offsetWord(offset)}
              </span>
            )}
          </li>
        )
      })}
    </ol>
  )
}

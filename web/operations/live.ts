import { useEffect, useState } from 'preact/hooks'
import type { Failure } from '../api/failure.ts'
import { createStore, useStore, type Store } from '../api/store.ts'
import type { Connection } from '../api/connection.ts'
import {
  ReportEventsDocument,
  WatchSystemDocument,
  type ProgressFactsFragment,
  type WatchSystemSubscription,
} from '../generated/graphql.ts'
import { isOver } from '../parts/status.tsx'
import { useSigned } from '../session/viewer.tsx'

export type SystemNow = WatchSystemSubscription['system']

/** How the service is doing, as it was told last; null until the first time. */
export function useSystem(): { system: SystemNow | null; failure: Failure | null } {
  const { connection } = useSigned()
  const [system, setSystem] = useState<SystemNow | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  useEffect(() => {
    const heard = (told: WatchSystemSubscription) => {
      setSystem(told.system)
      setFailure(null)
    }
    return connection.follow(WatchSystemDocument, {}, heard, setFailure)
  }, [connection])
  return { system, failure }
}

/** How far the running reports are by now: the system tells it every few seconds only. */
export type Moving = Pick<Store<ReadonlyMap<string, ProgressFactsFragment>>, 'get' | 'listen'>

export function useMoving(): Moving | null {
  const { connection } = useSigned()
  const [moving, setMoving] = useState<Moving | null>(null)
  useEffect(() => {
    const made = followRunning(connection)
    setMoving(made.moving)
    return made.close
  }, [connection])
  return moving
}

/** The newest that is known of a report that the system named. */
export function useProgress(moving: Moving, id: string, told: ProgressFactsFragment): ProgressFactsFragment {
  const known = useStore(moving).get(id)
  return known && known.sequence > told.sequence ? known : told
}

/** Of reports that run alone, and drawn once in a frame. */
function followRunning(connection: Connection): { moving: Moving; close: () => void } {
  const moving = createStore<ReadonlyMap<string, ProgressFactsFragment>>(new Map())
  const fresh = new Map<string, ProgressFactsFragment | null>()
  let frame = 0
  const draw = () => {
    frame = 0
    const next = new Map(moving.get())
    for (const [id, progress] of fresh)
      if (progress) next.set(id, progress)
      else next.delete(id)
    fresh.clear()
    moving.set(next)
  }
  const leave = connection.follow(
    ReportEventsDocument,
    { filter: { status: ['RUNNING', 'CANCELING'] } },
    ({ reportEvents: { reportId, progress } }) => {
      if (reportId === null) return
      fresh.set(reportId, progress && !isOver(progress.status) ? progress : null)
      frame ||= requestAnimationFrame(draw)
    },
  )
  return {
    moving,
    close() {
      cancelAnimationFrame(frame)
      leave()
    },
  }
}

import type { Scene } from '../../support/scene.ts'
import type { RunningApi, RunningProcess } from '../../support/service.ts'

/** A process that is there again and again, and the one that it is now. */
export interface Member<T extends RunningProcess> {
  readonly name: string
  current: T
  /** Ends the one that is now, as asked, and starts another. */
  replace(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
}
export interface Crew {
  readonly apis: readonly Member<RunningApi>[]
  readonly workers: readonly Member<RunningProcess>[]
  /** What ended though nobody asked for it, with the last lines of its log. */
  readonly unasked: string[]
  leave(): void
}

/** Two APIs, each always on its own port, and two workers. */
export async function openCrew(scene: Scene): Promise<Crew> {
  const unasked: string[] = []
  let leaving = false

  async function join<T extends RunningProcess>(name: string, start: (before?: T) => Promise<T>): Promise<Member<T>> {
    const asked = new Set<number>()
    const watch = (process: T) => {
      void process.stopped.then(async (how) => {
        if (!leaving && !asked.has(process.pid))
          unasked.push(`${name} (${how}): ${(await process.log()).slice(-2_000)}`)
      })
      return process
    }
    const member: Member<T> = {
      name,
      current: watch(await start()),
      async replace(signal) {
        const ending = member.current
        asked.add(ending.pid)
        ending.kill(signal)
        const how = await ending.stopped
        if (signal === 'SIGTERM' && how !== 0) unasked.push(`${name} was told to stop and ended with ${how}`)
        member.current = watch(await start(ending))
      },
    }
    return member
  }
  const api = (before?: RunningApi) =>
    scene.api({ LOG_LEVEL: 'info', ...(before && { PORT: new URL(before.url).port }) })
  const worker = () => scene.worker({ LOG_LEVEL: 'info', DRAIN_SECONDS: '5', WORKER_CONCURRENCY: '3' })
  return {
    apis: [await join('api 1', api), await join('api 2', api)],
    workers: [await join('worker 1', worker), await join('worker 2', worker)],
    unasked,
    leave: () => void (leaving = true),
  }
}

import { setTimeout as pause } from 'node:timers/promises'
import { READER, type Scene } from '../../support/scene.ts'
import { childrenOf, type RunningProcess } from '../../support/service.ts'
import type { Crew } from './crew.ts'
import { createRandom, type Random } from './random.ts'

/** Something that goes wrong, and is right again when it resolves. */
type Fault = readonly [name: string, happen: () => Promise<void>]

/** Milliseconds from one fault to the next. */
const CALM = [1_000, 8_000] as const
/** Past the lease of 15 s. */
const LONGEST_FREEZE = 22_000

/** Two lines of trouble at once, processes and servers, each as the seed says, until `over`. */
export async function makeTrouble(
  scene: Scene,
  crew: Crew,
  seed: number,
  over: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const [first, second] = [createRandom(seed), createRandom(seed + 1)]
  async function freeze(random: Random, part: { freeze(): void; thaw(): void }, longest: number): Promise<void> {
    part.freeze()
    await pause(random.between(500, longest))
    part.thaw()
  }
  const frozen = ({ kill }: RunningProcess) => ({ freeze: () => kill('SIGSTOP'), thaw: () => kill('SIGCONT') })
  const cut = (users: string) =>
    scene.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename ${users} and pid <> pg_backend_pid()`,
    )
  const worker = () => first.of(crew.workers)
  const api = () => first.of(crew.apis)

  const processes: readonly Fault[] = [
    ['a worker is killed', () => worker().replace('SIGKILL')],
    ['a worker is told to stop', () => worker().replace('SIGTERM')],
    ['a worker freezes', () => freeze(first, frozen(worker().current), LONGEST_FREEZE)],
    [
      'a child is killed',
      async () => {
        const children = await childrenOf(worker().current.pid)
        if (children.length > 0) process.kill(first.of(children), 'SIGKILL')
      },
    ],
    ['an API is killed', () => api().replace('SIGKILL')],
    ['an API is told to stop', () => api().replace('SIGTERM')],
    ['an API freezes', () => freeze(first, frozen(api().current), 6_000)],
  ]
  const servers: readonly Fault[] = [
    ['Redis is restarted', () => scene.redis.stop().then(scene.redis.start)],
    ['Redis is killed and comes back empty', () => scene.redis.kill({ forget: true }).then(scene.redis.start)],
    [
      'Redis is away for a while',
      async () => {
        await scene.redis.stop()
        await pause(second.between(1_000, 10_000))
        await scene.redis.start()
      },
    ],
    ['Redis freezes', () => freeze(second, scene.redis, 12_000)],
    ['Postgres is restarted', () => scene.postgres.stop().then(scene.postgres.start)],
    ['Postgres is killed', () => scene.postgres.kill().then(scene.postgres.start)],
    ['backends of the sources are cut', () => cut(`= '${READER}'`).then(() => undefined)],
    ['backends of the service are cut', () => cut(`= current_user`).then(() => undefined)],
  ]

  async function line(random: Random, faults: readonly Fault[]): Promise<void> {
    while (!over.aborted) {
      await pause(random.between(...CALM), undefined, { signal: over }).catch(() => undefined) // the end is looked at next
      if (over.aborted) return
      const [name, happen] = random.of(faults)
      say(name)
      try {
        await happen()
      } catch (error) {
        // The two lines may meet: who cuts backends needs a Postgres.
        say(`${name}: did not come about (${(error as Error).message})`)
      }
    }
  }
  await Promise.all([line(first, processes), line(second, servers)])
  // What the other line's trouble may have cut off in the middle.
  await scene.postgres.start()
  await scene.redis.start()
}

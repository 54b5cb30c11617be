import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { encodeId } from '../schema/global-id.ts'
import { Redis } from 'ioredis'
import { encodeChange, reportChannel, type ProgressEvent } from '../src/progress/event.ts'
import { figure, median, quantile, residentMiB, type Figure } from './measure.ts'
import { clock, openReaders, type Readers } from './readers.ts'
import type { Stage } from './stage.ts'

const READERS = 1_000
/** Seconds of the steady part, of each faster one, and of a flood. */
const STEADY = 30
const FAST = 30
const FLOOD = 2
/** Floods of each side, in turns: each is compared with the one beside it, as the machine's own speed changes. */
const ROUNDS = 11
/** Seconds of the same talk before memory is compared. */
const WARM = 10
/** Milliseconds in which a burst's sockets and garbage go. */
const SETTLE = 3_000

/** 1,000 subscribers, on as many reports and then on one, against a bare ws server that hears the same messages. */
export async function benchFanOut(stage: Stage, apiPid: number, say: (line: string) => void): Promise<Figure[]> {
  const redis = new Redis(stage.redisUrl)
  const plain = fork(fileURLToPath(new URL('./plain-ws.ts', import.meta.url)), [stage.redisUrl])
  try {
    const [{ port }] = (await once(plain, 'message')) as [{ port: number }]
    const doors = { ours: `${stage.service.url.replace('http', 'ws')}/graphql`, plain: `ws://127.0.0.1:${port}` }
    return [...(await ownTopics(stage, apiPid, doors, redis, say)), ...(await oneTopic(stage, doors, redis, say))]
  } finally {
    redis.disconnect()
    await end(plain)
  }
}

type Doors = { ours: string; plain: string }

async function ownTopics(
  stage: Stage,
  apiPid: number,
  doors: Doors,
  redis: Redis,
  say: (line: string) => void,
): Promise<Figure[]> {
  const ids = await stage.runningReports(READERS)
  const results = { ours: [] as number[], plain: [] as number[] }
  let perReader = 0
  let missing = 0
  const lag = { ours: [] as number[], plain: [] as number[] }
  for (const door of ['plain', 'ours'] as const) {
    const open = () =>
      openReaders(
        doors[door],
        door === 'ours' ? ids.map((id) => encodeId('Report', id)) : ids,
        door === 'ours' ? stage.service.adminToken : null,
      )
    // The first thousand, and what is told to them, grow the heap by what any such burst leaves behind: memory is compared from
    // there on.
    const talk = createTalk(redis, ids, stage.tenantId)
    const first = await open()
    await talk.for(WARM, 1)
    await first.close()
    await pause(SETTLE)
    const before = residentMiB([apiPid])
    const readers = await open()
    await talk.for(2, 1)
    readers.take()
    await talk.for(STEADY, 1)
    await pause(500)
    results[door] = readers.take()
    if (door === 'ours') {
      // After as long a rest as before it.
      await pause(SETTLE)
      perReader = ((residentMiB([apiPid]) - before) * 1024) / READERS
    }
    for (let third = 0; third < 3; third++) {
      await talk.for(FAST / 3, 10)
      lag[door].push(quantile(readers.take(), 0.5) / 1000)
    }
    if (door === 'ours') {
      await stage.end(ids)
      await talk.terminal()
      for (let waited = 0; waited < 300 && readers.ended() < READERS; waited++) await pause(100)
      missing = READERS - readers.ended()
    }
    await readers.close()
  }
  const at = (values: number[], q: number) => quantile(values, q) / 1000
  say(
    `1,000 topics, 1 event/s each: plain ws p50 ${at(results.plain, 0.5).toFixed(2)} ms p99 ${at(results.plain, 0.99).toFixed(2)} ms; ours p50 ${at(results.ours, 0.5).toFixed(2)} ms p99 ${at(results.ours, 0.99).toFixed(2)} ms, ${results.ours.length} of ${READERS * STEADY} events`,
  )
  const thirds = (values: number[]) => values.map((ms) => ms.toFixed(1)).join(', ')
  say(
    `1,000 topics, 10 events/s each, median lag in the three thirds: plain ws ${thirds(lag.plain)} ms; ours ${thirds(lag.ours)} ms`,
  )
  return [
    figure('1,000 topics: publish to client, p99', at(results.ours, 0.99), ' ms', { most: 10 }),
    figure('1,000 topics: p50 over plain ws', at(results.ours, 0.5) / at(results.plain, 0.5), 'x', { most: 2 }),
    figure('1,000 topics at 10/s: lag, last third over first', (lag.ours[2] as number) / (lag.ours[0] as number), 'x', {
      most: 2,
    }),
    figure('Terminal events missed', missing, '', { most: 0 }),
    figure('API memory for each subscriber', perReader, ' KiB', { most: 40 }),
  ]
}

async function oneTopic(stage: Stage, doors: Doors, redis: Redis, say: (line: string) => void): Promise<Figure[]> {
  const [id] = (await stage.runningReports(1)) as [string]
  const rates = { ours: [] as number[], plain: [] as number[] }
  for (let round = 0; round < ROUNDS; round++)
    for (const door of ['plain', 'ours'] as const) {
      const watched = door === 'ours' ? encodeId('Report', id) : id
      const readers = await openReaders(
        doors[door],
        Array.from({ length: READERS }, () => watched),
        door === 'ours' ? stage.service.adminToken : null,
      )
      const talk = createTalk(redis, [id], stage.tenantId)
      rates[door].push(await flood(talk, readers))
      await readers.close()
    }
  const [plain, ours] = [median(rates.plain), median(rates.ours)]
  say(
    `1,000 subscribers on one report, median of ${ROUNDS}: plain ws ${Math.round(plain).toLocaleString('en')} deliveries/s, ours ${Math.round(ours).toLocaleString('en')}`,
  )
  const beside = median(rates.ours.map((rate, round) => rate / (rates.plain[round] as number)))
  return [figure('1,000 subscribers on one report: deliveries/s over plain ws', beside, 'x', { least: 0.6 })]
}

/** Keeps a few events under way: the next is published when most readers have the last, or after 100 ms. Deliveries a second. */
async function flood(talk: Talk, readers: Readers): Promise<number> {
  const start = clock()
  const before = readers.received()
  while (clock() - start < FLOOD * 1e6) {
    const wanted = readers.received() + READERS * 0.95
    talk.one()
    for (let waited = 0; readers.received() < wanted && waited < 100; waited++) await pause(1)
  }
  return (readers.received() - before) / ((clock() - start) / 1e6)
}

interface Talk {
  /** Each topic `perSecond` times a second, spread evenly. */
  for(seconds: number, perSecond: number): Promise<void>
  one(): void
  terminal(): Promise<void>
}

function createTalk(redis: Redis, ids: readonly string[], tenantId: string): Talk {
  let sequence = 2 ** 21
  const publish = (reportId: string, status: ProgressEvent['status'] = 'RUNNING') => {
    const event: ProgressEvent = {
      reportId,
      tenantId,
      sequence: ++sequence,
      status,
      stage: status === 'RUNNING' ? 'WRITING' : 'DONE',
      attempt: 1,
      percent: 50,
      rowsWritten: sequence,
      rowsTotal: null,
      bytesWritten: clock(),
      message: null,
      etaSeconds: null,
      at: Date.now(),
    }
    void redis.publish(reportChannel(reportId), encodeChange({ kind: 'PROGRESSED', event }))
  }
  return {
    one: () => publish(ids[0] as string),
    async for(seconds, perSecond) {
      const start = performance.now()
      const total = ids.length * perSecond * seconds
      for (let sent = 0; sent < total;) {
        const due = Math.min(total, ((performance.now() - start) / 1000) * ids.length * perSecond)
        while (sent < due) publish(ids[sent++ % ids.length] as string)
        await pause(1)
      }
    },
    async terminal() {
      for (const id of ids) publish(id, 'SUCCEEDED')
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill()
  await gone
}

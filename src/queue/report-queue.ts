import BeeQueue from 'bee-queue'
import type { Log } from '../log.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { openClient, type QueueClient } from './clients.ts'
import { createRedialer, type Line } from './line.ts'

/** A ring that Redis has not taken after this many milliseconds is given up, and the connection with it. */
const RING_TIMEOUT = 5_000
/** Rings that wait for a worker at most, about: where nobody answers, more of them would say nothing more. */
const MOST_RINGS = 100
/** How often a ringer looks how many wait: at each of this many rings, and while there are too many, after so many milliseconds. */
const COUNT_EVERY = 32
const COUNT_AGAIN = 100
/** How long a listener that has passed a ring on takes no other, in milliseconds. */
const REST = 1_000
/** How often rings that a dead listener has taken are put back, in milliseconds. */
const STALL_CHECK = 5_000

interface Ring {
  reportId: string
}

/** True: "there is more than I can take". Anything else: all that waits is taken care of. */
export type RingAnswer = boolean | void

export interface ReportBell {
  /**
   * Says that there is work; call it after the commit. Never throws and never waits for Redis. At most one ring is under
   * way and at most one more is owed; rings may be lost, which is why workers also look by themselves.
   */
  ring(reportId: string): void
  /**
   * Worker side: `onRing` is called soon after a ring of any process, and when Redis has come back, as something may
   * have been missed. No two calls overlap. A ring wakes one listener: an answer of true hands it on to another, and
   * this one takes none for a second or until `resume()`. What `onRing` throws is logged. Call once; never rejects.
   */
  listen(onRing: () => RingAnswer | Promise<RingAnswer>): Promise<void>
  /** Ends the rest after an answer of true: call it when there is room again. */
  resume(): void
  /** Gives everything back, at once. A ring that is under way may be lost. */
  close(): Promise<void>
}

interface QueueLine extends Line {
  readonly queue: BeeQueue<Ring>
}

/**
 * The doorbell between whoever commits a QUEUED report and the workers: a hint, never the truth. A connection lost, a
 * server restarted with its scripts forgotten, a command unanswered: each ends the queue and its clients and builds new
 * ones, because bee-queue loads its scripts when it connects and never again.
 */
export function createReportBell(options: { redisUrl: string; log: Log; role: 'ringer' | 'listener' }): ReportBell {
  const { redisUrl, log, role } = options
  let owed: string | undefined
  let ringing = false
  let rings = 0
  let crowded = false
  let countedAt = -Infinity
  let closed = false
  let answer: (() => Promise<boolean>) | undefined
  let endRest: (() => void) | undefined

  const redialer = createRedialer<QueueLine>({
    log,
    open: (onLost) => openQueue(redisUrl, role === 'listener', onLost),
    check: ({ queue }) => within(RING_TIMEOUT, queue.checkHealth()),
    onOpen(line) {
      if (answer) attend(line, answer)
      void pump()
    },
  })

  async function pump(): Promise<void> {
    if (ringing) return
    ringing = true
    for (let line = redialer.current; line && owed !== undefined; line = redialer.current) {
      const reportId = owed
      owed = undefined
      try {
        await within(RING_TIMEOUT, send(line.queue, reportId))
      } catch (error) {
        // Owed again, to be sent when the next line is open: that is soon after a SCRIPT FLUSH, and harmless if doubled.
        owed ??= reportId
        redialer.lost(line, error)
      }
    }
    ringing = false
  }

  async function send(queue: BeeQueue<Ring>, reportId: string): Promise<void> {
    if (crowded && performance.now() - countedAt < COUNT_AGAIN) return
    if (crowded || rings % COUNT_EVERY === 0) {
      countedAt = performance.now()
      crowded = (await queue.checkHealth()).waiting >= MOST_RINGS
    }
    rings += 1
    if (!crowded) await queue.createJob({ reportId }).save()
  }

  /** Lets a fresh queue deliver rings. While the handler of one is pending, bee-queue asks Redis for no other. */
  function attend(line: QueueLine, onRing: () => Promise<boolean>): void {
    line.queue.process(1, async (job: BeeQueue.Job<Ring>) => {
      if (!(await onRing())) return
      ring(job.data.reportId)
      await rest()
    })
    line.queue.checkStalledJobs(STALL_CHECK).catch((error: unknown) => redialer.lost(line, error))
    void onRing()
  }

  function rest(): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(end, REST)
      endRest = end
    })
  }

  function ring(reportId: string): void {
    if (closed) return
    owed = reportId
    void pump()
  }

  return {
    ring,
    async listen(onRing) {
      if (role !== 'listener')
        throw new TypeError('A ringer does not listen: create the bell with the role "listener".')
      if (answer) throw new TypeError('The bell has its listener already.')
      answer = oneAtATime(async () => {
        if (closed) return false
        try {
          return (await onRing()) === true
        } catch (error) {
          log.error({ err: error }, 'answering a ring failed')
          return false
        }
      })
      if (redialer.current) attend(redialer.current, answer)
    },
    resume: () => endRest?.(),
    async close() {
      closed = true
      redialer.close()
      endRest?.()
    },
  }
}

function openQueue(redisUrl: string, isWorker: boolean, onLost: (line: QueueLine, error: unknown) => void): QueueLine {
  const clients: QueueClient[] = []
  const queue = new BeeQueue<Ring>('reports', {
    prefix: 'broadsheet:bq',
    isWorker,
    autoConnect: false,
    quitCommandClient: false,
    storeJobs: false,
    getEvents: false,
    sendEvents: false,
    removeOnSuccess: true,
    removeOnFailure: true,
  }) as BeeQueue<Ring> & { makeClient(name: string): Promise<QueueClient>; [client: string]: unknown }
  queue.makeClient = (name) => {
    const client = openClient(redisUrl)
    clients.push(client)
    queue[name] = client
    return new Promise((resolve, reject) => {
      // A client that is ended while it connects says nothing more: this stays pending, and nobody holds it.
      client.once('ready', () => resolve(client))
      client.on('error', (error) => {
        reject(error)
        onLost(line, error)
      })
    })
  }
  queue.on('error', (error) => onLost(line, error))
  void queue.connect()
  const opened = queue.ready()
  const line: QueueLine = {
    queue,
    opened,
    end() {
      // Closing comes first, as it says "paused": what ends because of it is then not taken for an error and tried again.
      queue.close(1).catch(() => 'a ring that is being answered goes to another listener; nothing to wait for')
      for (const client of clients) client.end(true)
    },
  }
  return line
}

/** Rejects when `promise` has not settled after so many milliseconds. */
function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer from Redis within ${milliseconds} ms`)), milliseconds)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

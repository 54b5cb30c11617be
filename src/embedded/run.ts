import type { EmbeddedSettings } from '../config.ts'
import { SAME_SIGNAL } from '../lifecycle.ts'
import { startBroadsheet, type Broadsheet, type Watcher } from './broadsheet.ts'

/**
 * Runs the service until a signal asks it to leave or a part of it is lost, and stops everything. `work` is done with it
 * before; its signal is aborted when it is time to leave, and it answers whether the service shall stay after it.
 * @returns the exit code: 0 after leaving as asked, 1 after a loss. Throws what the start or `work` throws, once all is stopped.
 */
export async function runBroadsheet(
  settings: EmbeddedSettings,
  watcher: Omit<Watcher, 'signal'>,
  work: (service: Broadsheet, signal: AbortSignal) => Promise<'stay' | 'leave'>,
): Promise<number> {
  const { say } = watcher
  const leaving = new AbortController()
  const left = Promise.withResolvers<void>()
  let code = 0
  let toldAt = 0
  leaving.signal.addEventListener('abort', () => left.resolve())

  const onSignal = () => {
    const now = performance.now()
    if (!leaving.signal.aborted) {
      toldAt = now
      say('Stopping (Ctrl-C again: at once)')
      leaving.abort()
    } else if (now - toldAt > SAME_SIGNAL) {
      // The servers and processes end with this one.
      process.exit(1)
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)

  let service: Broadsheet | undefined
  try {
    service = await startBroadsheet(settings, { ...watcher, signal: leaving.signal })
    void service.lost.then((line) => {
      if (leaving.signal.aborted) return
      say(line)
      code = 1
      leaving.abort()
    })
    if ((await work(service, leaving.signal)) === 'stay') await left.promise
    return code
  } catch (error) {
    // Whatever was under way has failed because it was called off.
    if (leaving.signal.aborted) return code
    throw error
  } finally {
    await service?.stop()
  }
}

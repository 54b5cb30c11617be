import { ask } from './client.ts'
import { timed } from './measure.ts'

/** Milliseconds between two questions. */
const ASKED_EVERY = 20

/**
 * Somebody else, in a process of its own so that nothing but the service keeps it waiting: asks a small query all the time, each
 * when it is due, whether or not the last was answered; at `end` says how long each took, in milliseconds.
 */
const [http = '', token = ''] = process.argv.slice(2)
const taken: number[] = []
const underWay = new Set<Promise<unknown>>()
const timer = setInterval(() => {
  const asked = timed(() => ask({ http, token }, '{ viewer { tenant } }')).then(({ ms }) => void taken.push(ms))
  underWay.add(asked)
  void asked.finally(() => underWay.delete(asked))
}, ASKED_EVERY)

process.once('message', () => {
  clearInterval(timer)
  void Promise.all(underWay).then(() => process.send?.(taken, undefined, {}, () => process.exit()))
})
process.on('disconnect', () => process.exit())

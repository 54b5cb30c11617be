import { lookup as systemLookup, promises as dns, type LookupAddress } from 'node:dns'

/** All addresses of a name. `family`: 0 for both. */
export type Lookup = (
  host: string,
  options: { all: true; family: 0 | 4 | 6 },
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void

/** Milliseconds, twice: well within the time of a try. */
const ANSWER_TIMEOUT = 2_500
/** Where DNS knows nothing, or there is none, the system may: its hosts file, its search domains. */
const SYSTEM_MAY_KNOW = ['ENOTFOUND', 'ENODATA', 'ECONNREFUSED']
/** Strangers' names that the system is asked for at once: half of the threads, so that files can always be read. */
const MOST_AT_SYSTEM = 2

/**
 * Names by DNS itself. The system's own lookup holds one of the process' four threads for files and lookups until it gives up, also
 * when nobody waits any more: a few names whose servers are dead would stop every other delivery. It is asked for names that are
 * the operator's, and for those that DNS says it does not have, of these a few at once: a server may say so to DNS, and then nothing
 * to the system. `servers` and `system`: the machine's own but for tests.
 */
export function createLookup({
  isOwn,
  servers,
  system = systemLookup,
}: {
  isOwn(host: string): boolean
  servers?: readonly string[]
  system?: Lookup
}): Lookup {
  let atSystem = 0
  return (host, { family }, callback) => {
    if (isOwn(host)) return system(host, { all: true, family }, callback)
    function bySystem(): void {
      if (atSystem >= MOST_AT_SYSTEM) return callback(new Error('DNS has no such name, and the system is busy.'), [])
      atSystem += 1
      system(host, { all: true, family }, (error, found) => {
        atSystem -= 1
        callback(error, found)
      })
    }
    const resolver = new dns.Resolver({ timeout: ANSWER_TIMEOUT, tries: 2 })
    if (servers) resolver.setServers(servers)
    const asked = [
      ...(family === 6 ? [] : [addresses(4, resolver.resolve4(host))]),
      ...(family === 4 ? [] : [addresses(6, resolver.resolve6(host))]),
    ]
    void Promise.allSettled(asked).then((answers) => {
      const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
      const faults = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as Fault] : []))
      const [fault] = faults.filter(({ code }) => !SYSTEM_MAY_KNOW.includes(code ?? ''))
      if (found.length > 0) callback(null, found)
      else if (fault) callback(fault, [])
      else bySystem()
    })
  }
}

type Fault = Error & { code?: string }

async function addresses(family: 4 | 6, asked: Promise<string[]>): Promise<LookupAddress[]> {
  return (await asked).map((address) => ({ address, family }))
}

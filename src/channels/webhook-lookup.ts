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

/**
 * Names by DNS itself. The system's own lookup holds one of the process' four threads for files and lookups until it gives up, also
 * when nobody waits any more: a few names whose servers are dead would stop every other delivery. It is asked for names that are
 * the operator's, and for those that DNS says it does not have. `servers`: the machine's own but for tests.
 */
export function createLookup({
  isOwn,
  servers,
}: {
  isOwn(host: string): boolean
  servers?: readonly string[]
}): Lookup {
  return (host, { family }, callback) => {
    const bySystem = () => systemLookup(host, { all: true, family }, callback)
    if (isOwn(host)) return bySystem()
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

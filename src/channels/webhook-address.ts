import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Whom a webhook may reach: public addresses on the ports of the web, and what WEBHOOK_ALLOW adds. Pure. */
export interface Gate {
  /** Whether a connection to this very address and port is allowed, which a URL named by this host. */
  permits(host: string, port: number, address: string): boolean
  /** False where no address of this host could ever be permitted: told when the URL is given. Names are not looked up. */
  conceivable(host: string, port: number): boolean
  /** Whether the name is this machine's, or one that the operator wrote down. */
  isOwn(host: string): boolean
}

const WEB_PORTS = [80, 443]
/** What of IPv6 has been given out to the public at all. All others (mapped, NAT64, unique local ...) lie outside. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * True for an address that is what it looks like and belongs to the public internet. False for all that is loopback, link-local,
 * private, CGNAT, multicast, reserved, for documentation or benchmarks, and for IPv6 that carries an IPv4 address inside
 * (mapped, translated, NAT64, 6to4, Teredo, ISATAP): where that leads is up to some router.
 */
export function isPublic(address: string): boolean {
  // A zone ("%eth0") says by itself that this is an address of somebody's own link.
  if (isIP(address) === 0 || address.includes('%')) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  if (!(parsed instanceof ipaddr.IPv6)) return true
  const [high, low] = parsed.parts.slice(4, 6)
  const isatap = (high === 0 || high === 0x200) && low === 0x5efe
  return parsed.match(GLOBAL_UNICAST) && !isatap
}

interface Network {
  readonly base: ipaddr.IPv4 | ipaddr.IPv6
  readonly bits: number
  /** Null: any. */
  readonly port: number | null
}

/** `allow`: host:port or CIDR, as the settings have checked them. A CIDR opens all ports of that network. */
export function createGate(allow: readonly string[]): Gate {
  const names = new Set<string>()
  const hosts = new Set<string>()
  const networks: Network[] = []
  for (const place of allow) {
    if (place.includes('/')) {
      const [base, bits] = ipaddr.parseCIDR(place)
      networks.push({ base, bits, port: null })
      continue
    }
    const [, written = '', port = ''] = /^(.*):(\d+)$/.exec(place) ?? []
    const host = hostOf(new URL(`http://${written}`))
    if (isIP(host) === 0) {
      names.add(`${host}:${port}`)
      hosts.add(host)
    } else networks.push({ base: ipaddr.parse(host), bits: isIP(host) === 4 ? 32 : 128, port: Number(port) })
  }

  function permits(host: string, port: number, address: string): boolean {
    if (isIP(address) === 0) return false
    if (names.has(`${host}:${port}`)) return true
    const parsed = ipaddr.parse(address)
    const own = networks.some(
      ({ base, bits, port: only }) =>
        base.kind() === parsed.kind() && parsed.match([base, bits] as never) && (only === null || only === port),
    )
    return own || (WEB_PORTS.includes(port) && isPublic(address))
  }

  function conceivable(host: string, port: number): boolean {
    if (isIP(host) !== 0) return permits(host, port, host)
    if (isLocal(host)) return permits(host, port, '127.0.0.1') || permits(host, port, '::1')
    const inNetwork = networks.some(({ port: only }) => only === null || only === port)
    return WEB_PORTS.includes(port) || names.has(`${host}:${port}`) || inNetwork
  }

  return { permits, conceivable, isOwn: (host) => isLocal(host) || hosts.has(host) }
}

/** RFC 6761: never asked of a server. */
function isLocal(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost')
}

/** The host of a URL as sockets take it: no brackets, no dot at the end, always small. Numbers are dotted by then. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
}

export function portOf(url: URL): number {
  return Number(url.port || (url.protocol === 'https:' ? 443 : 80))
}

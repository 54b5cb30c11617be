/** Which addresses e-mail goes to. Pure. */

const LONGEST_ADDRESS = 254
const LONGEST_LOCAL = 64
const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const DOMAIN = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$/

/**
 * True for one plain address, ann@example.com: no display name, no group, no comment, no quotes, nothing that a mail program
 * could read as more than one. A domain of other letters is written as xn--.
 */
export function isAddress(text: string): boolean {
  const at = text.lastIndexOf('@')
  const local = text.slice(0, Math.max(at, 0))
  return (
    text.length <= LONGEST_ADDRESS &&
    local.length <= LONGEST_LOCAL &&
    LOCAL.test(local) &&
    DOMAIN.test(text.slice(at + 1))
  )
}

/** Whether e-mail may go there: to the listed domains, not those below them; where none is listed, to one's own address alone. */
export function mayReceive(address: string, domains: readonly string[], own: string | null): boolean {
  const small = address.toLowerCase()
  if (domains.length === 0) return own !== null && small === own.toLowerCase()
  return domains.includes(small.slice(small.lastIndexOf('@') + 1))
}

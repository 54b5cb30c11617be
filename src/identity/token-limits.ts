import type { UserError } from '../errors.ts'
import { COUNTED, COUNTED_NAMES, isAbove, readRate, type Limits, type OwnLimits, type Rate } from '../limits.ts'
import { hasScope } from './policy.ts'
import type { Viewer } from './viewer.ts'

/** As a mutation brings them: the rate as it is written, "600/m". Null or absent: not of its own. */
export type WantedLimits = {
  readonly [Name in keyof Limits]?: (Limits[Name] extends Rate ? string : Limits[Name]) | null | undefined
}

/**
 * The limits that a token made by `viewer` has of its own, or what is wrong with the wish, with paths ["limits", name]. Nobody gives
 * more than it may take itself, but who looks after the whole installation (system:read): what the settings say protects other
 * tenants too. What a limited token makes is limited as it is.
 */
export function ownLimits(
  viewer: Viewer,
  wanted: WantedLimits | null | undefined,
  settings: Limits,
): { limits: OwnLimits | null } | { faults: UserError[] } {
  const given = Object.entries(wanted ?? {}).filter(([, value]) => value != null)
  if (given.length > 0 && !hasScope(viewer, 'users:write'))
    return { faults: [{ field: ['limits'], code: 'FORBIDDEN', message: 'Only an ADMIN with users:write gives a token limits.' }] } // prettier-ignore

  const own: Record<string, unknown> = { ...viewer.limits }
  const most = { ...settings, ...viewer.limits } as Limits
  const faults: UserError[] = []
  const fault = (name: string, code: UserError['code'], message: string) =>
    void faults.push({ field: ['limits', name], code, message })
  const beyond = (name: string) =>
    fault(name, 'FORBIDDEN', 'That is more than the credential that asks may take: the administrator of the settings can give it.') // prettier-ignore
  const unbounded = hasScope(viewer, 'system:read')

  for (const name of COUNTED_NAMES) {
    const value = wanted?.[name]
    if (value == null) continue
    const { least, most: highest } = COUNTED[name]
    if (value < least || value > highest)
      fault(name, 'INVALID', `${name} is ${value}, but must be from ${least} to ${highest}.`)
    else if (value > most[name] && !unbounded) beyond(name)
    else own[name] = value
  }
  if (wanted?.rate != null) {
    const rate = readRate(wanted.rate)
    if (!rate)
      fault('rate', 'INVALID', 'Give a number of operations in a second, a minute or an hour: 50/s, 3000/m, 100000/h.') // prettier-ignore
    else if (isAbove(rate, most.rate) && !unbounded) beyond('rate')
    else own['rate'] = rate
  }
  if (faults.length > 0) return { faults }
  return { limits: Object.keys(own).length > 0 ? (own as OwnLimits) : null }
}

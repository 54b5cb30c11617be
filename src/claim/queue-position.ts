import type { ReportPriority } from '../report/status.ts'

/** Reports of one tenant that wait in one priority; `turn` orders its tenants as the claim takes them. */
export interface WaitingTenant {
  readonly priority: ReportPriority
  readonly weight: number
  /** How much the priority was served, over its weight: multiples of a power of two, so that sums are exact. */
  readonly served: number
  readonly turn: number
  readonly mine: boolean
  readonly waiting: number
}

/** One waiting report: its priority, and how many of its own tenant and priority come before it. */
export interface Waiting {
  readonly priority: ReportPriority
  readonly weight: number
  readonly served: number
  readonly rank: number
}

/**
 * How many reports start before this one if no more are asked for, by the rules of claim.ts. Pure. Within the priority
 * tenants take turns: before its own round come `rank` full rounds of each other tenant, and one more of those whose turn is
 * earlier. Of the other priorities come all whose virtual time is smaller, at a tie those of greater weight.
 */
export function positionOf(line: readonly WaitingTenant[], { priority, weight, served, rank }: Waiting): number {
  const own = line.filter((tenant) => tenant.priority === priority)
  const turn = own.find(({ mine }) => mine)?.turn ?? Infinity
  const rounds = (tenant: WaitingTenant) => Math.min(tenant.waiting, rank + (tenant.turn < turn ? 1 : 0))
  const before = own.filter(({ mine }) => !mine).reduce((sum, tenant) => sum + rounds(tenant), rank)
  const time = served + before / weight
  const others = Map.groupBy(
    line.filter((tenant) => tenant.priority !== priority),
    (tenant) => tenant.priority,
  )
  return [...others.values()].reduce((sum, tenants) => {
    const other = tenants[0]!
    const ahead = (time - other.served) * other.weight
    const starts = ahead < 0 ? 0 : other.weight > weight ? Math.floor(ahead) + 1 : Math.ceil(ahead)
    return (
      sum +
      Math.min(
        starts,
        tenants.reduce((all, { waiting }) => all + waiting, 0),
      )
    )
  }, before)
}

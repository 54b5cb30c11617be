/** What happens to a schedule; SLOT: slots of it have come, or it was decided what becomes of one. */
const SCHEDULE_CHANGE_KINDS = ['CREATED', 'CHANGED', 'DELETED', 'SLOT'] as const
export type ScheduleChangeKind = (typeof SCHEDULE_CHANGE_KINDS)[number]

/** One thing that happened to a schedule. It says whose it is, so that who may hear of it is known without a look. */
export interface ScheduleChange {
  readonly kind: ScheduleChangeKind
  readonly scheduleId: string
  readonly tenantId: string
  readonly createdBy: string
  /** Milliseconds since 1970, as the row says that it changed. */
  readonly at: number
}

const CHANNEL = 'broadsheet:schedules:'

/** Channel of a tenant's schedules. */
export function schedulesChannel(tenantId: string): string {
  return `${CHANNEL}${tenantId}`
}
export function isSchedulesChannel(channel: string): boolean {
  return channel.startsWith(CHANNEL)
}

/** A JSON array in a fixed order. */
export function encodeScheduleChange({ kind, scheduleId, tenantId, createdBy, at }: ScheduleChange): string {
  return JSON.stringify([SCHEDULE_CHANGE_KINDS.indexOf(kind), scheduleId, tenantId, createdBy, at])
}

/** Null for what is not a change of this version: a newer process may speak on the same Redis during an upgrade. */
export function decodeScheduleChange(text: string): ScheduleChange | null {
  let parts: unknown
  try {
    parts = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  if (!Array.isArray(parts) || parts.length !== 5) return null
  const [kind, scheduleId, tenantId, createdBy, at] = parts as unknown[]
  const kindName = SCHEDULE_CHANGE_KINDS[kind as number]
  const words = [scheduleId, tenantId, createdBy].every((word) => typeof word === 'string')
  if (!kindName || !words || typeof at !== 'number') return null
  return { kind: kindName, scheduleId, tenantId, createdBy, at } as ScheduleChange
}

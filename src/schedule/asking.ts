import { v7 as uuid } from 'uuid'
import { Refusal } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Accepted } from '../report/accept.ts'
import { acceptRequest, type ReportRequest } from '../report/request.ts'
import type { Catalog } from '../report-type/catalog.ts'
import type { Answer } from './due.ts'
import type { Span, Tracer } from '../tracing/tracer.ts'
import { viewerOf, type Owner } from './owner.ts'
import type { Schedule } from './schedule.entity.ts'

/** What a schedule asks for, as a request of anybody's. */
export function requestOf(schedule: Schedule): ReportRequest {
  const { priority, format, compression, csvDialect, timeZone, visibility, tags } = schedule
  return {
    report: { byName: { type: schedule.typeName, parameters: schedule.parameters } },
    priority,
    format,
    compression,
    csvDialect,
    timeZone,
    visibility,
    tags,
  }
}

interface SlotAsking {
  catalog: Catalog
  now: Date
  /** How many more reports may wait. */
  room: number
  tracer: Tracer
  log: Log
}

/**
 * Asks for the reports of slots by the rules that hold for everybody, in the name of each schedule's owner. What is accepted
 * is kept here until it is written, with the span that the report's trace begins with: whoever commits it ends that.
 */
export function createSlotAsking({ catalog, now, room, tracer, log }: SlotAsking) {
  const accepted = new Map<string, Accepted & { span: Span }>()

  function ask(schedule: Schedule, owner: Owner, slot: number): Answer {
    if (owner.removed) return { kind: 'BLOCKED', reason: `Its owner, ${owner.name}, was removed.` }
    try {
      const origin = { schedule: { id: schedule.id, title: schedule.title }, scheduledFor: new Date(slot) }
      const { type, row } = acceptRequest(viewerOf(owner), requestOf(schedule), catalog, now, origin)
      if (accepted.size >= room) return { kind: 'FULL' }
      const id = uuid()
      const detail = { schedule: schedule.title, slot: new Date(slot).toISOString() }
      const span = tracer.start('slot', {
        parent: null,
        kind: 'PRODUCER',
        attributes: {
          'broadsheet.report.id': id,
          'broadsheet.report.type': type.name,
          'broadsheet.schedule.id': schedule.id,
          'broadsheet.slot': detail.slot,
          'broadsheet.tenant': schedule.tenantId,
        },
      })
      accepted.set(id, { id, type, row, by: null, detail, traceparent: span.traceparent, span })
      return { kind: 'ACCEPTED', reportId: id }
    } catch (error) {
      // What it quotes may be cut in the middle of a character, which no database stores.
      if (error instanceof Refusal) return { kind: 'BLOCKED', reason: error.message.toWellFormed() }
      // One schedule that can't be asked for must not hold up the others that are due with it.
      log.error({ err: error, scheduleId: schedule.id }, 'a schedule can not be asked for')
      return { kind: 'BLOCKED', reason: 'It could not be asked for; the log of the worker says why.' }
    }
  }

  return { ask, accepted: accepted as ReadonlyMap<string, Accepted & { span: Span }> }
}

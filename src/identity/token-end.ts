import { Temporal } from 'temporal-polyfill'
import type { Viewer } from './viewer.ts'

/** Longest life of a token that has an end, in years. */
const MOST_YEARS = 10

/**
 * When a token made by `viewer` ends (null: never), or what is wrong with the wish. A token made with an API token does
 * not outlive it: else a leaked short-lived one could make itself immortal. A JWT is a session of a person, whose tokens may stay.
 */
export function endOf(expiresIn: string | null, viewer: Viewer, now: Date): { at: Date | null } | { fault: string } {
  const latest = viewer.apiTokenId === null ? null : viewer.tokenExpiresAt
  if (expiresIn === null) return { at: latest }
  const at = moment(expiresIn, now)
  if (!at) return { fault: `Give an ISO 8601 duration above zero and up to ${MOST_YEARS} years, for example P30D.` }
  if (latest && at > latest)
    return { fault: `The token that asks ends at ${latest.toISOString()}; what it makes can not live longer.` }
  return { at }
}

function moment(expiresIn: string, now: Date): Date | null {
  const start = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO('UTC')
  let end: Temporal.ZonedDateTime
  try {
    end = start.add(expiresIn)
  } catch (error) {
    // Not a duration, or one beyond what a calendar holds; anything else is a fault of ours.
    if (error instanceof RangeError) return null
    throw error
  }
  const inside =
    end.epochMilliseconds > start.epochMilliseconds &&
    Temporal.ZonedDateTime.compare(end, start.add({ years: MOST_YEARS })) <= 0
  return inside ? new Date(end.epochMilliseconds) : null
}

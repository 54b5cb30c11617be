import type { EntityManager } from '../db/orm.ts'
import { refuse } from '../errors.ts'
import { durationMilliseconds } from '../schedule/duration.ts'
import { Report } from './report.entity.ts'

type Wanted = Pick<
  Report,
  'tenantId' | 'requestedBy' | 'typeName' | 'typeVersion' | 'format' | 'compression' | 'csvDialect' | 'timeZone'
> & { resolvedParameters: object | null }

/** Milliseconds; null: not wanted. Throws Refusal at ["reuseWithin"]. */
export function checkReuseWithin(text: string | null | undefined): number | null {
  if (text == null) return null
  try {
    return durationMilliseconds(text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw refuse('INVALID', ['reuseWithin'], `reuseWithin ${error.message}`)
  }
}

/**
 * A report whose document is, or will be, byte for byte what is wanted: the same viewer, type, version, resolved parameters,
 * format, compression, CSV dialect and time zone; one that SUCCEEDED within so many milliseconds and is there for another
 * minute, or else one on its way. Null: make a new one. Equal asks take turns until the transaction ends, so that two at once
 * make one. A title, tags, priority and visibility of the new ask are not looked at. What is still open is never reused.
 */
export async function findReusable(em: EntityManager, wanted: Wanted, within: number): Promise<Report | null> {
  if (!wanted.resolvedParameters) return null
  const parameters = JSON.stringify(wanted.resolvedParameters)
  const same = [
    wanted.tenantId,
    wanted.requestedBy,
    wanted.typeName,
    wanted.typeVersion,
    wanted.format,
    wanted.compression,
    wanted.csvDialect,
    wanted.timeZone,
  ]
  await em.execute(`select pg_advisory_xact_lock(hashtextextended(? || ?::jsonb::text, 0))`, [
    `reuse ${same.join(' ')} `,
    parameters,
  ])
  const [found] = await em.execute<{ id: string }[]>(
    `select id from broadsheet.report
     where tenant_id = ? and requested_by = ? and type_name = ? and type_version = ? and format = ? and compression = ? and csv_dialect = ? and time_zone = ?
       and jsonb_hash_extended(resolved_parameters, 0) = jsonb_hash_extended(?::jsonb, 0) and resolved_parameters = ?::jsonb
       and status in ('QUEUED', 'RUNNING', 'SUCCEEDED') and (status <> 'SUCCEEDED'
         or (finished_at > clock_timestamp() - make_interval(secs => ?) and expires_at > clock_timestamp() + interval '1 minute'))
     order by status = 'SUCCEEDED' desc, created_at desc limit 1`,
    [...same, parameters, parameters, within / 1_000],
  )
  return found ? em.findOne(Report, { id: found.id }, { disableIdentityMap: true }) : null
}

import type { Log } from '../log.ts'
import { isNamed, type Named, type Sources } from '../sources/index.ts'
import { SourceFault } from '../sources/source.ts'
import { withWords } from './columns.ts'
import type { Column } from './define.ts'
import { hint } from './names.ts'
import type { ReportType, RowsBody, SqlBody } from './report-type.ts'
import { settingsOf } from './settings.ts'

export interface Checked {
  /** The same types with columns and unavailableReason as they are now; the last known columns where nothing answers. */
  readonly types: readonly ReportType[]
  /** What no waiting mends. */
  readonly faults: readonly string[]
}

/** Nothing is asked for while describing: no tenant, no viewer, every parameter empty. */
const NOBODY = { tenantId: '', viewerId: '', timeZone: 'UTC', requestedAt: new Date(0) }

/** Finds out which types can run here and now. Never rejects for what a source says or does not say. */
export function createAvailability(
  sources: Sources,
  named: Pick<Named, 'fault'>,
  log: Log,
): { check(types: readonly ReportType[]): Promise<Checked> } {
  /** Each source is asked about its role once for a check, not once for each type. */
  async function roleFault(name: string, asked: Map<string, Promise<string | null>>): Promise<string | null> {
    const source = sources.get(name)
    if (!source) return `Source "${name}" is not configured here: add it to BROADSHEET_SOURCES.`
    let answer = asked.get(name)
    if (!answer) {
      answer = source.checkSource().then((fault) => fault && `Source "${name}" can't be used: ${fault}`)
      asked.set(name, answer)
    }
    return answer
  }

  async function describe(type: ReportType, body: SqlBody): Promise<Column[]> {
    const source = sources.get(body.source)!
    const settings = settingsOf(type, {}, NOBODY)
    const columns = await source.describe(body.statement, settings)
    if (body.summary !== null) {
      await source.describe(body.summary, settings).catch((error: unknown) => {
        if (error instanceof SourceFault && error.kind === 'INVALID')
          throw new SourceFault('INVALID', `summary: ${error.message}`, error.cause)
        throw error
      })
    }
    const names = columns.map(({ name }) => name)
    const strange = Object.keys(body.columnWords).find((name) => !names.includes(name))
    if (strange !== undefined)
      throw new SourceFault('INVALID', `columns: the query has no column "${strange}".${hint(strange, names)}`)
    return withWords(columns, body.columnWords)
  }

  /** A type in TypeScript names what it reads, or nothing. */
  async function checkNamed(
    type: ReportType,
    body: RowsBody,
    asked: Map<string, Promise<string | null>>,
  ): Promise<ReportType> {
    try {
      for (const name of body.sources) {
        const fault = isNamed(name) ? named.fault(name) : await roleFault(name, asked)
        if (fault !== null) return unavailable(type, fault)
      }
      return type.unavailableReason === null ? type : { ...type, unavailableReason: null }
    } catch (error) {
      if (!(error instanceof SourceFault)) throw error
      return unavailable(type, error.message, error.cause)
    }
  }

  async function checkOne(
    type: ReportType,
    asked: Map<string, Promise<string | null>>,
    faults: string[],
  ): Promise<ReportType> {
    if (type.body.kind !== 'sql') return checkNamed(type, type.body, asked)
    try {
      const fault = await roleFault(type.body.source, asked)
      if (fault !== null) return unavailable(type, fault)
      const columns = await describe(type, type.body)
      if (type.unavailableReason !== null) log.info({ type: type.name }, 'the report type is available again')
      return { ...type, columns, unavailableReason: null }
    } catch (error) {
      if (!(error instanceof SourceFault)) throw error
      if (error.kind === 'INVALID') faults.push(`${type.name}.sql: ${error.message}`)
      return unavailable(type, error.message, error.cause)
    }
  }

  function unavailable(type: ReportType, reason: string, cause?: unknown): ReportType {
    if (type.unavailableReason !== reason)
      log.warn(
        { type: type.name, reason, ...(cause === undefined ? {} : { err: cause }) },
        'the report type is unavailable',
      )
    return { ...type, unavailableReason: reason }
  }

  return {
    async check(types) {
      const asked = new Map<string, Promise<string | null>>()
      const faults: string[] = []
      const checked: ReportType[] = []
      // One after another: a source is not to be met by as many connections as there are files.
      for (const type of types) checked.push(await checkOne(type, asked, faults))
      return { types: checked, faults }
    },
  }
}

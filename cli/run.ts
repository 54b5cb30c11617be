import { OneReportTypeDocument, type RequestReportInput } from '../client/generated/graphql.ts'
import { follow } from './follow.ts'
import { EXIT, WrongUse, type Exit } from './outcome.ts'
import { readParameters } from './parameters.ts'
import type { Session } from './session.ts'

export interface RunOptions {
  param: string[]
  watch?: boolean
  out?: string
  title?: string
  format?: string
  compression?: string
  dialect?: string
  priority?: string
  visibility?: string
  timeZone?: string
  tag: string[]
  reuseWithin?: string
  idempotencyKey?: string
}

/** `run TYPE`: asks; with --watch or --out waits for the end. stdout: the id, or with --json the report. */
export async function run(
  session: Session,
  type: string,
  flags: readonly string[],
  options: RunOptions,
): Promise<Exit> {
  const { client, json, signal, say, print, printJson } = session
  const { out, watch = out !== undefined } = options
  if (json && out === '-') throw new WrongUse('--json and --out - both want stdout.')
  const { reportType, others } = await client.api.ask(OneReportTypeDocument, { name: type }, signal)
  if (!reportType)
    throw new WrongUse(
      `There is no report type "${type}". There are: ${others.map(({ name }) => name).join(', ') || 'none'}.`,
    )
  const parameters = readParameters(type, reportType.parameters, { params: options.param, flags })
  const { id, title, status } = await client.requestReport(inputOf(type, parameters, options), { signal })
  say(`Asked for: ${title}`)
  if (!json && out !== '-') print(id)
  else if (out === '-') say(id)
  if (!watch) {
    if (json) printJson({ id, title, status, type, file: null })
    return EXIT.DONE
  }
  const { report, exit } = await follow(session, id, { out })
  if (json) printJson(report)
  return exit
}

/** Enums in capitals, as the API spells them; it judges all else. */
function inputOf(type: string, parameters: Record<string, unknown>, options: RunOptions): RequestReportInput {
  const { title, timeZone, reuseWithin, idempotencyKey } = options
  const named = {
    format: options.format?.toUpperCase(),
    compression: options.compression?.toUpperCase(),
    csvDialect: options.dialect?.toUpperCase(),
    priority: options.priority?.toUpperCase(),
    visibility: options.visibility?.toUpperCase(),
    title,
    timeZone,
    reuseWithin,
    idempotencyKey,
  }
  const said = Object.entries(named).filter(([, value]) => value !== undefined)
  // Names that the API does not have are answered as what they are: wrong input.
  return { report: { byName: { type, parameters } }, tags: options.tag, ...(Object.fromEntries(said) as object) }
}

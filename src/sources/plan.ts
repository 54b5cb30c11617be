import type { Client } from 'pg'
import type { Setting } from '../report-type/settings.ts'

/** What EXPLAIN (format json) says, as far as it is read here. */
interface PlanNode {
  readonly 'Node Type': string
  readonly 'Parent Relationship'?: string
  readonly 'Plan Rows': number
  readonly Plans?: readonly PlanNode[]
  readonly [key: string]: unknown
}
export interface Plan {
  /** The planner's guess. */
  readonly rows: number
  /** Equal for plans that do the same work on the same relations in the same order. */
  readonly shape: string
}

const SHAPE = ['Node Type', 'Parent Relationship', 'Join Type', 'Strategy', 'Partial Mode', 'Parallel Aware', 'Schema', 'Relation Name', 'Alias', 'Index Name', 'Scan Direction', 'Sort Key', 'Presorted Key', 'Group Key', 'CTE Name', 'Function Name', 'Command', 'Workers Planned', 'Subplans Removed'] // prettier-ignore
/** Whether an index serves a condition, and with how many parts, matters; how the condition reads does not. */
const CONDITIONS = ['Index Cond', 'Recheck Cond', 'Hash Cond', 'Merge Cond', 'TID Cond', 'One-Time Filter']

export async function explain(client: Client, statement: string, values: readonly string[] = []): Promise<Plan> {
  const { rows } = await client.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
    `explain (format json, costs, verbose off)\n${statement}`,
    [...values],
  )
  const plan = rows[0]!['QUERY PLAN'][0]!.Plan
  return { rows: plan['Plan Rows'], shape: JSON.stringify(shapeOf(plan)) }
}

function shapeOf(node: PlanNode): unknown {
  const below = (node.Plans ?? []).filter((child) => child['Parent Relationship'] !== 'InitPlan')
  const conditions = CONDITIONS.map((key) =>
    typeof node[key] === 'string' ? node[key].split(/ (?:AND|OR) /).length : 0,
  )
  return [SHAPE.map((key) => masked(node[key])), conditions, below.map(shapeOf)]
}

/** A key that names a placeholder reads differently in the two forms. */
function masked(value: unknown): unknown {
  return Array.isArray(value)
    ? value.map((key) => (/current_setting|InitPlan|\$\d/.test(String(key)) ? '?' : key))
    : value
}

/**
 * Which of two texts of the same query to run. `once` reads each setting once instead of for every row (measured: a
 * COPY with two dates in its filter costs the server 1.8 times what it costs with literals; read once, the same), but hides the values from the planner: it is run only where that changes nothing in the plan.
 * Within a transaction, which it leaves usable.
 */
export async function chooseForm(
  client: Client,
  plain: string,
  once: string,
): Promise<{ statement: string; rows: number }> {
  const { rows, shape } = await explain(client, plain)
  if (plain === once) return { statement: plain, rows }
  await client.query('savepoint form')
  const other = await explain(client, once).catch(() => null) // Rare grammar takes no subselect; then the plain form it is.
  await client.query('rollback to savepoint form')
  return { statement: other?.shape === shape ? once : plain, rows }
}

/**
 * The planner's guess at a statement's rows, with the settings bound as parameters: as values it knows them, and that
 * "region is null or ..." holds is then certain, where it reckons one in 200 for what is only read while it runs. Within a
 * transaction, which it leaves usable; null where the text can't be read so.
 */
export async function estimateRows(
  client: Client,
  statement: string,
  settings: readonly Setting[],
): Promise<number | null> {
  const values: string[] = []
  let bound = statement
  for (const [name, value] of settings) {
    const parts = bound.split(`current_setting('${name}')`)
    if (parts.length > 1) bound = parts.join(`$${values.push(value)}::text`)
  }
  await client.query('savepoint estimate')
  const plan = await explain(client, bound, values).catch(() => null) // What an author wrote inside a string is no parameter.
  await client.query('rollback to savepoint estimate')
  return plan?.rows ?? null
}

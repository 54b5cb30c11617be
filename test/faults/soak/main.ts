import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { PACED, SMALL } from '../../support/fault-reports.ts'
import { openScene } from '../../support/scene.ts'
import { createAsking } from './asking.ts'
import { checkDocuments, checkReports, holdings } from './checks.ts'
import { openCrew } from './crew.ts'
import { makeTrouble } from './faults.ts'
import { createRandom } from './random.ts'

/**
 * `npm run soak -- --minutes 60 [--seed N]`: clients ask and watch while processes and servers are killed, frozen and
 * restarted at random; then everything must be as if nothing had happened. Ends by itself; exit code 1 where something is wrong.
 */

const CLIENTS = 8
/** Without trouble before and after, and quiet after that until pools have given back what they can spare, in milliseconds. */
const USUAL = 20_000
const QUIET = 40_000
/** What watchers may take to hear the end when all is well again, in milliseconds. */
const PATIENCE = 180_000
/** Of memory and connections, against before; a tenth of a few connections is none, so one for each process is let pass. */
const MOST_GROWTH = 1.1
const FEW = 4

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string' } } })
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new RangeError(`--minutes ${values.minutes} is no number of minutes.`)
const seed = values.seed === undefined ? randomBytes(4).readUInt32LE() : Number(values.seed)
const began = performance.now()
const say = (line: string) =>
  process.stdout.write(`${((performance.now() - began) / 1_000).toFixed(1).padStart(7)} s  ${line}\n`)
say(`seed ${seed}, ${minutes} minutes of trouble`)

const scene = await openScene({ reports: { 'paced.sql': PACED, 'small.sql': SMALL } })
let interrupted = false
process.once('SIGINT', () => {
  interrupted = true
  void scene.close().then(() => process.exit(130))
})
const faults: string[] = []
try {
  const crew = await openCrew(scene)
  const asking = createAsking(
    crew.apis.map(({ current }) => current.url),
    crew.apis[0]!.current.adminToken,
  )
  const over = (milliseconds: number) => AbortSignal.timeout(milliseconds)
  const load = (turn: number, until: AbortSignal) =>
    asking.run(CLIENTS, (n) => createRandom(seed + turn * 1_000 + n), until)

  await load(1, over(USUAL))
  await pause(QUIET)
  const before = await holdings(scene, crew)
  say(`${asking.accepted.length} reports without trouble; held: ${show(before)}`)

  const trouble = over(minutes * 60_000)
  const asked = load(2, trouble)
  await makeTrouble(scene, crew, seed, trouble, say)
  say('no more trouble')
  const late = await Promise.race([asked.then(() => false), pause(PATIENCE, true, { ref: false })])
  if (late)
    faults.push(
      `watchers have not heard the end after ${PATIENCE / 1_000} s: ${JSON.stringify(asking.accepted.filter(({ last }) => !last || !last.status.endsWith('ED')))}`,
    )

  await load(3, over(USUAL))
  await pause(QUIET)
  const after = await holdings(scene, crew)
  say(`held: ${show(after)}`)
  for (const name of ['memory', 'files', 'connections'] as const)
    if (after[name] > Math.max(before[name] * MOST_GROWTH, name === 'memory' ? 0 : before[name] + FEW))
      faults.push(`${name}: ${after[name].toFixed(0)}, more than ${before[name].toFixed(0)} and a tenth`)

  const reports = await checkReports(scene, asking)
  const documents = await checkDocuments(asking)
  faults.push(...crew.unasked, ...asking.wrong, ...reports.faults, ...documents.faults)
  say(
    `${asking.accepted.length} reports: ${counted(reports.ends)}; ${documents.checked} documents compared; clients met: ${counted(asking.met)}`,
  )
  crew.leave()
  await asking.close()
} finally {
  if (!interrupted) await scene.close()
}
for (const fault of faults) say(`WRONG: ${fault}`)
say(faults.length === 0 ? `all is well (seed ${seed})` : `${faults.length} things are wrong (seed ${seed})`)
process.exit(faults.length === 0 ? 0 : 1)

function show({ memory, files, connections }: Awaited<ReturnType<typeof holdings>>): string {
  return `${memory.toFixed(0)} MiB, ${files} files, ${connections} connections`
}
function counted(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ') || 'nothing'
}

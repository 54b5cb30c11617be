import { once } from 'node:events'
import { benchAttack } from './attack.ts'
import { benchAuthored } from './authored.ts'
import { benchFanOut } from './fan-out.ts'
import { benchFormats } from './formats.ts'
import { benchLatency } from './latency.ts'
import { benchLoad } from './load.ts'
import { family, type Figure } from './measure.ts'
import { benchPage } from './page.ts'
import { benchSqlReport } from './sql-report.ts'
import { openStage, type Stage, type StageOptions } from './stage.ts'
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'

/**
 * `npm run bench [-- sql formats latency fan-out load page authored attack]`: each part against its baseline, measured in the same run.
 * `--minutes`: how long the page is watched.
 */
const PARTS = ['sql', 'formats', 'latency', 'fan-out', 'load', 'page', 'authored', 'attack']
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '2' } },
})
const wanted = positionals.length > 0 ? positionals : PARTS
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new RangeError(`--minutes ${values.minutes}: a number above 0.`)
for (const part of wanted)
  if (!PARTS.includes(part)) throw new RangeError(`There is no part "${part}": ${PARTS.join(', ')}.`)

const say = (line: string) => process.stderr.write(`${line}\n`)
const figures: Figure[] = []
let stage: Stage | undefined
let leaving = false
process.once('SIGINT', () => {
  leaving = true
  void (stage?.close() ?? Promise.resolve()).then(() => process.exit(130))
})

// Those with a stage of their own.
const APART = ['authored', 'attack']
if (wanted.some((part) => !APART.includes(part)))
  await onStage({ rows: rowsFor(wanted), limits: 'wide' }, async (open, api, worker) => {
    if (wanted.includes('sql')) figures.push(...(await benchSqlReport(open, worker, say)))
    if (wanted.includes('formats')) figures.push(...(await benchFormats(open, worker, say)))
    if (wanted.includes('latency')) figures.push(...(await benchLatency(open, say)))
    if (wanted.includes('fan-out')) figures.push(...(await benchFanOut(open, api, say)))
    if (wanted.includes('load')) figures.push(...(await benchLoad(open, worker, say)))
    if (wanted.includes('page')) figures.push(...(await benchPage(open, minutes, say)))
  })
if (wanted.includes('authored')) figures.push(...(await benchAuthored(onStage, say)))
// Against the limits that the others set aside.
if (wanted.includes('attack'))
  await onStage(
    { rows: 1_000, limits: 'shipped' },
    async (open, api) => void figures.push(...(await benchAttack(open, api, say))),
  )

const widest = Math.max(...figures.map(({ name }) => name.length))
for (const { name, value, bar, met } of figures)
  process.stdout.write(`${name.padEnd(widest)}  ${value.padStart(10)}  ${bar.padEnd(12)} ${met ? 'met' : 'NOT MET'}\n`)
if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
process.exit(figures.every(({ met }) => met) ? 0 : 1)

async function onStage(
  options: StageOptions,
  work: (stage: Stage, api: number, worker: number) => Promise<void>,
): Promise<void> {
  stage = await openStage(options, say)
  try {
    await work(stage, processOf('src/api/main.ts'), processOf('worker/main.ts'))
  } finally {
    if (!leaving) await stage.close()
  }
}

/** How many lines the parts need. */
function rowsFor(parts: readonly string[]): number {
  if (parts.includes('sql')) return 2_000_000
  return parts.includes('formats') ? 1_000_000 : 1_000
}

/** The service's process that runs this file, among our own. */
function processOf(file: string): number {
  const pid = family(process.pid).find((one) =>
    execFileSync('ps', ['-o', 'args=', '-p', String(one)], { encoding: 'utf8' }).includes(file),
  )
  if (!pid) throw new Error(`no process runs ${file}`)
  return pid
}

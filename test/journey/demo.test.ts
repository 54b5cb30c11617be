import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../support/until.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
let directory: string

beforeAll(async () => {
  // A space, as in many a home; reachable for the user postgres.
  directory = await mkdtemp(join(tmpdir(), 'broadsheet demo '))
  await chmod(directory, 0o755)
})
afterAll(() => rm(directory, { recursive: true, force: true }))

/** The demo as its own process group, which a terminal's Ctrl-C reaches as a whole. */
function startDemo(...args: string[]) {
  const child = spawn(process.execPath, [join(ROOT, 'demo/main.ts'), ...args], {
    cwd: directory,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      BROADSHEET_DATA_DIR: join(directory, 'data'),
      BROADSHEET_REPORTS_DIR: join(ROOT, 'reports'),
      // Somebody else's: the demo touches neither.
      DATABASE_URL: 'postgres://127.0.0.1:1/elsewhere',
      REDIS_URL: 'redis://127.0.0.1:1',
    },
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const exited = once(child, 'close').then(([code]) => code as number | null)
  return { said: () => said, exited, interrupt: () => process.kill(-child.pid!, 'SIGINT') }
}

/** Processes that have this test's directory in their command line or environment, or work there. None where there is no /proc. */
async function left(): Promise<string[]> {
  const found: string[] = []
  const names = await readdir('/proc').catch(() => [])
  for (const pid of names.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    // One that ends while we look reads as nothing.
    const [line, environment] = await Promise.all(
      ['cmdline', 'environ'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
    )
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    if (`${line}${environment}${cwd}`.includes(directory)) found.push(`${pid} ${line?.replaceAll('\0', ' ')}`)
  }
  return found
}

test(
  'the demo fills a shop, asks, watches, downloads and checks; and is stopped at any moment, with nothing left',
  { timeout: 90_000 },
  async () => {
    // In mid-start, while the shop is being filled: the next start begins again.
    const first = startDemo()
    await until(() => first.said().includes('Filling the demo shop: 0 %'), { timeout: 30_000 })
    first.interrupt()
    expect(await first.exited, first.said()).toBe(0)
    expect(first.said()).toContain('Stopping')
    expect(await left()).toEqual([])

    const second = startDemo('--exit')
    expect(await second.exited, second.said()).toBe(0)
    expect(second.said()).not.toMatch(/warning/i)
    expect(second.said()).toMatch(/Writing the report: (2|3|4|5|6|7|8|9)\d %/)
    expect(second.said()).toContain('Writing the report: 100 %')
    const [, rows = '', sha256 = ''] = /([\d,]+) rows, .*; sha256 ([0-9a-f]{64}) is right/.exec(second.said()) ?? []
    const [, path = ''] = /^The file: (.+)$/m.exec(second.said()) ?? []
    expect(path.startsWith(join(directory, 'downloads'))).toBe(true)
    const bytes = await readFile(path)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
    expect(bytes.toString().startsWith('id,order_number,placed_at,')).toBe(true)
    expect(Number(rows.replaceAll(',', ''))).toBeGreaterThan(100_000)
    expect(await readdir(join(directory, 'downloads'))).toHaveLength(1)
    expect(await left()).toEqual([])
  },
)

test('what can not be is told in one line, before anything is started', async () => {
  const unknown = startDemo('--quickly')
  expect(await unknown.exited).toBe(1)
  expect(unknown.said()).toContain('Usage: npm run demo')
  expect(await left()).toEqual([])
})

import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Stage } from './stage.ts'

const DIRECTORY = fileURLToPath(new URL('./django', import.meta.url))
const NEEDED = 'celery, django, psycopg2, redis'
/** Longest time that one export may take, in milliseconds. */
const WITHIN = 30 * 60_000

/** A Celery worker that exports the bench's lines through Django's ORM. */
export interface Django {
  readonly versions: string
  /** Milliseconds from asking to the answer that all rows are in the file. */
  export(upto: number, path: string): Promise<number>
  close(): Promise<void>
}

/** Starts it. Null where no Python here has what it needs. */
export async function openDjango(stage: Stage): Promise<Django | null> {
  // Debian's packages belong to its own Python, which need not be the first on PATH.
  const python = ['/usr/bin/python3', 'python3'].find(
    (one) => spawnSync(one, ['-c', `import ${NEEDED}`], { stdio: 'ignore' }).status === 0,
  )
  if (!python) return null
  const options = {
    cwd: DIRECTORY,
    env: {
      PATH: process.env['PATH'] ?? '',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONWARNINGS: 'ignore',
      BENCH_DATABASE_URL: stage.sourceUrl,
      BENCH_REDIS_URL: stage.redisUrl,
    },
  }
  const run = promisify(execFile)
  const { stdout: versions } = await run(
    python,
    ['-c', 'import celery, django; print(f"Celery {celery.__version__}, Django {django.__version__}")'],
    options,
  )
  const worker = spawn(
    python,
    ['-m', 'celery', '-A', 'tasks', 'worker', '--concurrency=1', '--loglevel=ERROR', '--without-gossip'],
    { ...options, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  // A worker that is gone answers nobody: then its caller is ended too.
  const asking = new AbortController()
  worker.once('exit', () => asking.abort())
  return {
    versions: versions.trim(),
    async export(upto, path) {
      const { stdout } = await run(python, ['ask.py', String(upto), path], {
        ...options,
        timeout: WITHIN,
        signal: asking.signal,
      })
      const [seconds, rows] = stdout.trim().split(' ').map(Number)
      if (rows !== upto || !seconds) throw new Error(`Django wrote ${rows} of ${upto} rows.`)
      return seconds * 1000
    },
    async close() {
      if (worker.exitCode !== null || worker.signalCode !== null) return
      const gone = once(worker, 'exit')
      worker.kill()
      await gone
    },
  }
}

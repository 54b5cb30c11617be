import { pino, type Logger } from 'pino'

export type Log = Logger

/** Keys whose values never reach a log line: signatures, credentials, parameters that may hold personal data. */
const SECRET = [
  'authorization',
  'Authorization',
  'token',
  'secret',
  'signature',
  'password',
  '*.authorization',
  '*.token',
  '*.secret',
]

/** The one structured logger of a process; give each report, request or socket a child of it. Writes JSON lines to stderr. */
export function createLog(options: { level: string; process: string }): Log {
  return pino(
    {
      level: options.level,
      base: { process: options.process, pid: process.pid },
      redact: { paths: SECRET, censor: '[redacted]' },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 2, sync: true }),
  )
}

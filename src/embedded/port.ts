import { once } from 'node:events'
import { createServer } from 'node:net'
import { StartupError } from '../errors.ts'

/**
 * Looks whether the API will be able to listen, before anything is started for nothing. Another program may still take the
 * port in between: then the API itself says so.
 */
export async function checkPort({ host, port }: { host: string; port: number }): Promise<void> {
  const probe = createServer()
  try {
    probe.listen(port, host)
    await once(probe, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      throw new StartupError([
        `Port ${port} is in use by another program: stop it, or choose another with PORT=${port + 1} (0: any free one).`,
      ])
    }
    throw new StartupError([`HOST, PORT: can't listen on ${host}:${port} (${code}).`])
  }
  probe.close()
  await once(probe, 'close')
}

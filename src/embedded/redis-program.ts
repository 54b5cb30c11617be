import { mkdir, rm, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { StartupError } from '../errors.ts'
import { onPath, run } from './program.ts'

/**
 * The path of a Redis or Valkey server: from PATH, else installed by apt-get where this user may.
 *
 * What is installed is `redis-tools`: its redis-check-rdb is the same binary, which serves when it is called redis-server,
 * while the package `redis-server` would put a service on port 6379, now and at every boot.
 *
 * @throws StartupError with the command that installs one on this machine
 */
export async function redisProgram(directory: string, say: (line: string) => void): Promise<string> {
  const found = (await findRedis(directory)) ?? ((await installRedis(say)) ? await findRedis(directory) : undefined)
  if (found === undefined) {
    throw new StartupError([
      `Broadsheet needs Redis or Valkey, and there is none on PATH: run "${await remedy()}", or set REDIS_URL.`,
    ])
  }
  const { output } = await run(found, ['--version'], { seconds: 10 })
  const [, major = '0', minor = '0'] = / v=(\d+)\.(\d+)/.exec(output) ?? []
  if (Number(major) > 6 || (Number(major) === 6 && Number(minor) >= 2)) return found
  throw new StartupError([
    `${found} is too old or does not run (${output.trim().split('\n').at(-1) || 'it prints nothing'}): Broadsheet needs Redis 6.2 or newer, or set REDIS_URL.`,
  ])
}

async function findRedis(directory: string): Promise<string | undefined> {
  const server = (await onPath('redis-server')) ?? (await onPath('valkey-server'))
  if (server !== undefined) return server
  const twin = (await onPath('redis-check-rdb')) ?? (await onPath('valkey-check-rdb'))
  if (twin === undefined) return undefined
  const bin = join(directory, 'bin')
  const link = join(bin, basename(twin).replace('check-rdb', 'server'))
  await mkdir(bin, { recursive: true, mode: 0o700 })
  await rm(link, { force: true })
  await symlink(twin, link)
  return link
}

/** True when apt-get says that it worked. */
async function installRedis(say: (line: string) => void): Promise<boolean> {
  const apt = await onPath('apt-get')
  if (apt === undefined) return false
  const sudo = process.getuid?.() === 0 ? undefined : await passwordlessSudo()
  if (sudo === undefined && process.getuid?.() !== 0) return false
  const install = (...words: string[]) => {
    const command = ['env', 'DEBIAN_FRONTEND=noninteractive', apt, ...words]
    const [program = '', ...args] = sudo === undefined ? command : [sudo, '-n', ...command]
    return run(program, args, { seconds: 300, inheritEnvironment: true }).then(({ code }) => code === 0)
  }
  say('There is no Redis on PATH: installing it (apt-get install redis-tools)')
  const redis = () => install('install', '-y', '-qq', '--no-install-recommends', 'redis-tools')
  return (await redis()) || ((await install('update', '-qq')) && (await redis()))
}

async function passwordlessSudo(): Promise<string | undefined> {
  const sudo = await onPath('sudo')
  if (sudo === undefined) return undefined
  return (await run(sudo, ['-n', 'true'], { seconds: 10, inheritEnvironment: true })).code === 0 ? sudo : undefined
}

async function remedy(): Promise<string> {
  if (process.platform === 'darwin') return 'brew install redis'
  const commands = {
    'apt-get': 'sudo apt-get install redis-tools',
    dnf: 'sudo dnf install redis',
    pacman: 'sudo pacman -S valkey',
    apk: 'sudo apk add redis',
    zypper: 'sudo zypper install redis',
    brew: 'brew install redis',
  }
  for (const [program, command] of Object.entries(commands)) {
    if ((await onPath(program)) !== undefined) return command
  }
  return commands['apt-get']
}

import { readdir, readFile } from 'node:fs/promises'
import { run } from './program.ts'

export interface Command {
  pid: number
  /** The command line, its words joined by single spaces. */
  line: string
}

/** The processes of this machine whose command line matches. A zombie has none and is never among them. */
export async function commandsOf(matches: (command: Command) => boolean): Promise<Command[]> {
  const all = process.platform === 'linux' ? await fromProc() : await fromPs()
  return all.filter((command) => command.line !== '' && command.pid !== process.pid && matches(command))
}

async function fromProc(): Promise<Command[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  return Promise.all(
    names.map(async (name) => {
      // A process that ends while we look reads as one without a command line.
      const text = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
      return { pid: Number(name), line: text.replace(/\0+$/, '').replaceAll('\0', ' ').trim() }
    }),
  )
}

async function fromPs(): Promise<Command[]> {
  const { output } = await run('ps', ['-axww', '-o', 'pid=', '-o', 'command='], { seconds: 10 })
  return output.split('\n').flatMap((text) => {
    const found = /^\s*(\d+)\s+(.*)$/.exec(text)
    return found ? [{ pid: Number(found[1]), line: found[2] ?? '' }] : []
  })
}

import { styleText } from 'node:util'

/** Characters of a bar, where the window has room for it. */
const WIDTH = 30

/** Draws how far something has come: a part of 1, null while nobody knows; `facts` stand behind the bar. */
export type Bar = (part: number | null, facts?: string) => void

/** What a person sees on stderr: lines, and bars that move. Where it is no terminal a bar is a line for each quarter. */
export function terminal(output: NodeJS.WriteStream = process.stderr) {
  let moving = false

  function say(line: string): void {
    output.write(moving ? `\n${line}\n` : `${line}\n`)
    moving = false
  }

  function bar(name: string): Bar {
    let quarter = -1
    return (part, facts = '') => {
      const behind = `${part === null ? '' : `${Math.floor(part * 100)} %`}${facts && `  ${facts}`}`
      if (!output.isTTY) {
        const now = Math.floor((part ?? 0) * 4)
        if (now > quarter) say(`${name}: ${behind}`)
        quarter = Math.max(now, quarter)
        return
      }
      // A pseudo-terminal may have no size.
      const columns = output.columns || 80
      const full = Math.round((part ?? 0) * WIDTH)
      const drawn = styleText('cyan', '█'.repeat(full), { stream: output }) + '░'.repeat(WIDTH - full)
      // A line that is wider than the window could not be drawn over.
      const fits = name.length + WIDTH + behind.length + 2 < columns
      output.write(`\r\x1b[2K${fits ? `${name} ${drawn} ${behind}` : `${name} ${behind}`.slice(0, columns - 1)}`)
      moving = part !== 1
      if (!moving) output.write('\n')
    }
  }

  return { say, bar }
}

/** Longest line of a bar, and how often it is drawn where the output is no terminal, in steps of a quarter. */
const WIDTH = 30

/** What a person sees of a start: lines, and one line that moves while the demo shop is filled. Writes to stderr. */
export function terminal(output: NodeJS.WriteStream = process.stderr) {
  let moving = false
  let quarter = 0

  function say(line: string): void {
    if (moving) output.write('\n')
    moving = false
    output.write(`${line}\n`)
  }

  return {
    say,
    filling(done: number, total: number): void {
      const part = total === 0 ? 1 : Math.min(done / total, 1)
      if (!output.isTTY) {
        const now = Math.floor(part * 4)
        if (now > quarter) say(`Filling the demo shop: ${now * 25} %`)
        quarter = now
        return
      }
      const full = Math.round(part * WIDTH)
      output.write(`\rFilling the demo shop ${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${String(Math.floor(part * 100)).padStart(3)} %`)
      moving = part < 1
      if (!moving) output.write('\n')
    },
  }
}

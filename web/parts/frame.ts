/** `draw` once in the next frame, however often it is asked for; in none while nobody looks at the page. */
export function onceAFrame(draw: () => void) {
  let frame = 0
  let closed = false
  return {
    ask(): void {
      if (closed) return
      frame ||= requestAnimationFrame(() => {
        frame = 0
        draw()
      })
    },
    close(): void {
      closed = true
      cancelAnimationFrame(frame)
    },
  }
}

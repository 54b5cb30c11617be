import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

/** Rows beyond the edges that exist already, so that scrolling shows no gap. */
const BEYOND = 8

/**
 * Which of these rows, all of one height, are in sight of a scrolling element. The height stands in the style sheet as
 * --row-height, as a narrow list's rows are higher.
 */
export function useWindow(scroller: RefObject<HTMLElement | null>, ids: readonly string[]) {
  const count = ids.length
  const [{ top, height, rowHeight }, set] = useState({ top: 0, height: 800, rowHeight: 44 })

  useEffect(() => {
    const element = scroller.current
    if (!element) return
    let frame = 0
    const measure = () => {
      frame = 0
      const rowHeight = Number.parseFloat(getComputedStyle(element).getPropertyValue('--row-height')) || 44
      set({ top: element.scrollTop, height: element.clientHeight, rowHeight })
    }
    const later = () => (frame ||= requestAnimationFrame(measure))
    const sized = new ResizeObserver(later)
    sized.observe(element)
    element.addEventListener('scroll', later, { passive: true })
    measure()
    return () => {
      cancelAnimationFrame(frame)
      sized.disconnect()
      element.removeEventListener('scroll', later)
    }
  }, [])

  // Who has scrolled down reads on at the same row, whatever comes in or goes above it.
  const before = useRef(ids)
  useLayoutEffect(() => {
    const element = scroller.current
    const at = element ? Math.floor(element.scrollTop / rowHeight) : 0
    const now = at > 0 ? ids.indexOf(before.current[at] ?? '') : -1
    if (element && now >= 0 && now !== at) element.scrollTop += (now - at) * rowHeight
    before.current = ids
  }, [ids])

  const first = Math.max(0, Math.min(Math.floor(top / rowHeight) - BEYOND, count - 1))
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + BEYOND)
  return {
    first,
    last,
    rowHeight,
    /** Rows that fit. */
    page: Math.max(1, Math.floor(height / rowHeight) - 2),
    /** Scrolls as little as needed; the head covers the first row's height. */
    show(index: number): void {
      const element = scroller.current
      if (!element) return
      const y = index * rowHeight
      if (y < element.scrollTop) element.scrollTop = y
      else if (y + 2 * rowHeight > element.scrollTop + element.clientHeight)
        element.scrollTop = y + 2 * rowHeight - element.clientHeight
    },
  }
}

import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { count, roughly } from '../parts/figures.ts'
import { minuteWord } from './hour.ts'

interface Chart {
  title: string
  /** What one of them is called, and several. */
  unit: readonly [one: string, many: string]
  /** Seconds since 1970, and the figure of each of these minutes. */
  data: [xs: number[], ys: number[]]
  total: number
  /** Of style/colours.css, without its dashes. */
  colour: string
}

const HEIGHT = 130
/** Half a minute of room at both ends, so that the bars there are whole. */
const ROOM = 30
/** So that a single report is no full bar. */
const LOWEST_TOP = 4

/**
 * One figure of the last hour, a bar for each minute. The canvas says nothing to a screen reader: the words above it do, and
 * the table below the charts.
 */
export function Chart({ title, unit: [one, many], data, total, colour }: Chart) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(null)
  const [pointed, setPointed] = useState<number | null>(null)
  const dark = useDark()

  // A canvas knows no style sheet: other colours are another drawing.
  useEffect(() => {
    const element = host.current
    if (!element) return
    const made = new uPlot(options(element, colour, setPointed), data, element)
    plot.current = made
    const sized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }))
    sized.observe(element)
    return () => {
      sized.disconnect()
      made.destroy()
    }
  }, [dark, colour])
  useEffect(() => plot.current?.setData(data), [data])

  const [xs, ys] = data
  const at = pointed === null ? undefined : xs[pointed]
  const words = (value: number) => `${count(value)} ${value === 1 ? one : many}`
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <p class="help">
          {at === undefined
            ? `${words(total)} in the last hour`
            : `${words(ys[pointed ?? 0] ?? 0)} at ${minuteWord(at)}`}
        </p>
      </figcaption>
      <div ref={host} class="chart-place" aria-hidden="true" />
    </figure>
  )
}

function options(host: HTMLElement, name: string, point: (index: number | null) => void): uPlot.Options {
  const [colour, words, rule] = [name, 'faint', 'rule'].map((each) => colourOf(host, each)) as [string, string, string]
  const { fontFamily } = getComputedStyle(host)
  const axis = { stroke: words, font: `11px ${fontFamily}`, ticks: { show: false } }
  return {
    width: host.clientWidth,
    height: HEIGHT,
    padding: [8, 6, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: { time: true, range: (_, from, to) => [from - ROOM, to + ROOM] },
      y: { range: (_, __, most) => [0, Math.max(most ?? 0, LOWEST_TOP)] },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 70, size: 22, gap: 4, values: (_, splits) => splits.map(minuteWord) },
      {
        ...axis,
        grid: { stroke: rule, width: 1 },
        space: 30,
        size: 42,
        incrs: [1, 2, 5]
          .flatMap((step) => Array.from({ length: 12 }, (_, power) => step * 10 ** power))
          .toSorted((a, b) => a - b),
        values: (_, splits) => splits.map(roughly),
      },
    ],
    series: [
      {},
      {
        fill: colour,
        stroke: colour,
        width: 0,
        paths: uPlot.paths.bars!({ size: [0.75, 24] }),
        points: { show: false },
      },
    ],
    hooks: { setCursor: [({ cursor }) => point(cursor.idx ?? null)] },
  }
}

/** As the theme has it now: a computed colour is one that a canvas understands. */
function colourOf(host: HTMLElement, name: string): string {
  host.style.color = `var(--${name})`
  const { color } = getComputedStyle(host)
  host.style.color = ''
  return color
}

/** Whether the reader's machine wants it dark; drawn again when that changes. */
function useDark(): boolean {
  const [dark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches)
  useEffect(() => {
    const asked = matchMedia('(prefers-color-scheme: dark)')
    const heard = () => setDark(asked.matches)
    asked.addEventListener('change', heard)
    return () => asked.removeEventListener('change', heard)
  }, [])
  return dark
}

import { timeOf } from '../src/tracing/tracer.ts'
import type { Step } from './attempt-messages.ts'

/** When each step of one attempt began and ended: a few numbers, so they are kept whether anybody traces or not. */
export function createSteps() {
  const steps = new Map<Step['name'], { from: number; until: number | null }>()
  return {
    begin: (name: Step['name']) => void steps.set(name, { from: timeOf(), until: null }),
    end(name: Step['name']) {
      const step = steps.get(name)
      if (step) step.until ??= timeOf()
    },
    all: (): Step[] => [...steps].map(([name, times]) => ({ name, ...times })),
  }
}

export type Steps = ReturnType<typeof createSteps>

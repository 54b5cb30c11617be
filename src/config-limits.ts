import type { Reader } from './config-reader.ts'
import { COUNTED, COUNTED_NAMES, readRate, USUAL_LIMITS, writeRate, type Counted, type Limits } from './limits.ts'

/** The limits of the settings, for every caller without limits of its own. */
export function readLimits(reader: Reader): Limits {
  const counted = COUNTED_NAMES.map((name) => {
    const { setting, usual, least, most } = COUNTED[name]
    return [name, reader.whole(setting, usual, least, most)] as const
  })
  return { ...(Object.fromEntries(counted) as Record<Counted, number>), rate: rateOf(reader) }
}

function rateOf(reader: Reader): Limits['rate'] {
  const text = reader.text('RATE_LIMIT') ?? writeRate(USUAL_LIMITS.rate)
  const rate = readRate(text)
  if (!rate)
    reader.faults.push(
      `RATE_LIMIT is "${text}", but must be a number of operations in a second, a minute or an hour: 50/s, 3000/m, 100000/h.`,
    )
  return rate ?? USUAL_LIMITS.rate
}

import type { Reader } from './config-reader.ts'
import {
  COUNTED,
  COUNTED_NAMES,
  readRate,
  USUAL_LIMITS,
  writeRate,
  type Counted,
  type Limits,
  type Rate,
} from './limits.ts'

/** Behind a proxy all callers have one address, some of them with a token that has just ended: not too few. */
const USUAL_BAD_TOKENS: Rate = { most: 300, seconds: 60 }

/** The limits of the settings, for every caller without limits of its own. */
export function readLimits(reader: Reader): Limits {
  const counted = COUNTED_NAMES.map((name) => {
    const { setting, usual, least, most } = COUNTED[name]
    return [name, reader.whole(setting, usual, least, most)] as const
  })
  const rate = rateOf(reader, 'RATE_LIMIT', USUAL_LIMITS.rate, 'operations')
  return { ...(Object.fromEntries(counted) as Record<Counted, number>), rate }
}

/** Bad tokens that one address may show in a time. */
export function readBadTokens(reader: Reader): Rate {
  return rateOf(reader, 'BAD_TOKENS', USUAL_BAD_TOKENS, 'bad tokens')
}

function rateOf(reader: Reader, name: string, usual: Rate, what: string): Rate {
  const text = reader.text(name) ?? writeRate(usual)
  const rate = readRate(text)
  if (!rate)
    reader.faults.push(
      `${name} is "${text}", but must be a number of ${what} in a second, a minute or an hour: 50/s, 3000/m, 100000/h.`,
    )
  return rate ?? usual
}

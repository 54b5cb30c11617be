import { describe, test } from 'vitest'
import { checkChanges, checkDecade, SEED } from '../support/zone-decade.ts'
import { ZONES } from '../support/zone-rules.ts'

/** Half of the zones; the other half is in west.test.ts, so that two processes share the work. */
const EAST = ZONES.filter((zone) => !/^(?:America|Antarctica|Arctic|Atlantic)\//.test(zone))

describe.each(EAST)(`%s (seed ${SEED})`, (zone) => {
  test('ten years of slots', () => checkDecade(zone), 60_000)
  test('every change of its clock is known', () => checkChanges(zone), 60_000)
})

import { mergeConfig } from 'vitest/config'
import config from './vitest.config.ts'

/** The faults that take long, which `npm test` leaves out: `npm run test:faults`. One file at a time, since they measure. */
const all = mergeConfig(config, { test: { maxWorkers: 1, env: { FREEZE: '60' } } })
all.test!.include = ['test/faults/long/**/*.test.ts']
all.test!.exclude = ['**/node_modules/**']
export default all

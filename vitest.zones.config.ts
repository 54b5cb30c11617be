import { mergeConfig } from 'vitest/config'
import config from './vitest.config.ts'

/** Schedules in every time zone, over ten years: `npm run test:zones`. Pure reckoning: no server is brought up. */
const all = mergeConfig(config, {})
all.test!.include = ['test/zones/**/*.test.ts']
all.test!.exclude = ['**/node_modules/**']
all.test!.globalSetup = []
export default all

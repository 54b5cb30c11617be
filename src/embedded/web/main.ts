import { startup } from '../../startup.ts'
import { StartupError } from '../../errors.ts'
import { buildWeb } from './build.ts'
import { ROOT } from './prepare.ts'

/** `npm run web:build`: the dashboard, anew, into web/dist. */
await startup(async () => {
  const built = await buildWeb({ root: ROOT, anyway: true })
  if (built.as === 'not built') throw new StartupError([`${built.output}The dashboard was not built: ${built.why}.`])
  process.stderr.write('The dashboard is in web/dist\n')
})

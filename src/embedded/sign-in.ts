import { resolve } from 'node:path'
import { readEmbeddedSettings } from '../config.ts'
import { startup } from '../startup.ts'
import { makeSignInLink } from './address.ts'

/** `npm run sign-in`: a new link to the dashboard of the service that runs on this data directory. */
await startup(async () => {
  const link = await makeSignInLink(resolve(readEmbeddedSettings().dataDirectory))
  process.stderr.write('Works once, within ten minutes, in a browser on this machine:\n')
  process.stdout.write(`${link}\n`)
})

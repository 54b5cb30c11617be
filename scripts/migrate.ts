import { readConfig } from '../src/config.ts'
import { migrate } from '../src/db/migrate.ts'
import { startup } from '../src/startup.ts'

/** `npm run db:migrate`: the migrations alone, as the database's owner. */
await startup(async () => {
  const { applied } = await migrate(readConfig().databaseUrl)
  process.stdout.write(applied.length === 0 ? 'The database is up to date.\n' : `Applied: ${applied.join(', ')}\n`)
})

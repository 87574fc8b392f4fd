import { seed } from '../../db/seed.ts'
import { loadConfig } from '../config.ts'
import { exitWith } from '../process.ts'
import { createPool, createTenantDatabase } from '../tenancy/index.ts'

// `bun run seed`: the two demo tenants, as app_user, in the database of DATABASE_URL.

async function run(): Promise<void> {
  const { DATABASE_URL } = loadConfig(process.env)
  const db = createTenantDatabase({ connections: createPool({ url: DATABASE_URL, size: 1 }) })
  await seed(db).finally(() => db.close())
  console.log('The tenants Acme and Globex have a user and two tasks each.')
}

await run().catch(exitWith)

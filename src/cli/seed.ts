import { Command } from '@commander-js/extra-typings'
import { seed } from '../../db/seed.ts'
import { loadConfig } from '../config.ts'
import { createPool, createTenantDatabase } from '../tenancy/index.ts'

export const seedCommand = new Command('seed')
  .description(
    'Give the tenants Acme and Globex a user and two tasks each, as app_user, in the database of DATABASE_URL.',
  )
  .action(async () => {
    const { DATABASE_URL } = loadConfig(process.env)
    const db = createTenantDatabase({ connections: createPool({ url: DATABASE_URL, size: 1 }) })
    await seed(db).finally(() => db.close())
    console.log('The tenants Acme and Globex have a user and two tasks each.')
  })

import { Command } from '@commander-js/extra-typings'
import { seed } from '../../../db/seed.ts'
import { seedMany, usersEach } from '../../../db/seed-many.ts'
import { createPool, createTenantDatabase, createTenantSigner, type TenantDatabase } from '../../database/index.ts'
import { loadConfig } from '../../service/config/config.ts'
import { type CommandIo, print } from '../io.ts'
import { wholeNumberFrom } from '../options.ts'
import { progressBar } from '../output/progress-bar.ts'

/** More connections do not make it faster: PostgreSQL is the bottleneck. */
const connections = 4

export const createSeedCommand = (io: CommandIo) =>
  new Command('bun run seed')
    .description('Fill the tables of the example service with demo data.')
    .option('--tenants <n>', 'number of tenants (default with --tasks: 10)', wholeNumberFrom(1, 1_000_000))
    .option('--tasks <n>', 'tasks of each tenant (default with --tenants: 100)', wholeNumberFrom(0, 10_000_000))
    .addHelpText(
      'after',
      `
Without options, the tenants Acme and Globex get a user and two tasks each. With options, each tenant gets ${usersEach} users and its
tasks; tenant ids count up from 5eed0000-0000-4000-8000-000000000001. A run after an interruption continues where the
first one stopped, and writes no row twice. DATABASE_URL names the database.

Example:
  DATABASE_URL=postgres://app_user:…@db/app bun run seed --tenants 100 --tasks 10000`,
    )
    .action(async ({ tenants, tasks }) => {
      const { database, tenant } = loadConfig(io.env)
      const { url } = database
      const [secret] = tenant.signingKeys
      const signer = secret === undefined ? undefined : createTenantSigner(secret)
      const db = createTenantDatabase({ connections: createPool({ url, size: connections }), signer })
      try {
        if (tenants === undefined && tasks === undefined) {
          await seed(db)
          print(io, 'The tenants Acme and Globex have a user and two tasks each.')
        } else print(io, await fill(io, db, { tenants: tenants ?? 10, tasks: tasks ?? 100 }))
      } finally {
        await db.close()
      }
    })

async function fill(io: CommandIo, db: TenantDatabase, amount: { tenants: number; tasks: number }): Promise<string> {
  const start = performance.now()
  const bar = progressBar(io.stderr, amount.tenants * (amount.tasks + usersEach))
  const { rows, complete } = await seedMany(db, { ...amount, connections }, bar.advance).finally(bar.stop)
  const seconds = (performance.now() - start) / 1000
  const [tenantCount, taskCount] = [amount.tenants, amount.tasks].map((count) => count.toLocaleString('en'))
  return (
    `${tenantCount} tenants have ${usersEach} users and ${taskCount} tasks each; ${complete} had them before. ` +
    `${rows.toLocaleString('en')} rows in ${seconds.toFixed(1)} s, ${Math.round(rows / seconds).toLocaleString('en')} per second.`
  )
}

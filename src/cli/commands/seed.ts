import { Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { seed } from '../../../db/seed.ts'
import { seedMany, usersEach } from '../../../db/seed-many.ts'
import { createPool, createTenantDatabase, createTenantSigner, type TenantDatabase } from '../../database/index.ts'
import { loadConfig } from '../../service/config/config.ts'
import { progressBar } from '../output/progress-bar.ts'

/** More at a time do not make it faster: PostgreSQL is what is waited for. */
const connections = 4

const whole = (min: number, max: number) => (text: string) => {
  if (/^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text)
  throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
}

export const seedCommand = new Command('seed')
  .description('Fill the tables of the demo service, as app_user, in the database of DATABASE_URL.')
  .option('--tenants <n>', 'so many tenants instead (10 when only --tasks is given)', whole(1, 1_000_000))
  .option('--tasks <n>', 'tasks of each of them (100 when only --tenants is given)', whole(0, 10_000_000))
  .addHelpText(
    'after',
    `
Without options the tenants Acme and Globex get a user and two tasks each. With them, each of many tenants, whose ids are
counted from 5eed0000-0000-4000-8000-000000000001, gets ${usersEach} users and its tasks. Run it again after an interruption: it
goes on where it stopped, and writes nothing twice.

Example:
  DATABASE_URL=postgres://app_user:…@db/app rowhouse seed --tenants 100 --tasks 10000`,
  )
  .action(async ({ tenants, tasks }) => {
    const { database, tenant } = loadConfig(process.env)
    const { url } = database
    const [secret] = tenant.signingKeys
    const signer = secret === undefined ? undefined : createTenantSigner(secret)
    const db = createTenantDatabase({ connections: createPool({ url, size: connections }), signer })
    try {
      if (tenants === undefined && tasks === undefined) {
        await seed(db)
        console.log('The tenants Acme and Globex have a user and two tasks each.')
      } else console.log(await fill(db, { tenants: tenants ?? 10, tasks: tasks ?? 100 }))
    } finally {
      await db.close()
    }
  })

async function fill(db: TenantDatabase, amount: { tenants: number; tasks: number }): Promise<string> {
  const start = performance.now()
  const bar = progressBar(amount.tenants * (amount.tasks + usersEach))
  const { rows, complete } = await seedMany(db, { ...amount, connections }, bar.advance).finally(bar.stop)
  const seconds = (performance.now() - start) / 1000
  const [tenantCount, taskCount] = [amount.tenants, amount.tasks].map((count) => count.toLocaleString('en'))
  return (
    `${tenantCount} tenants have ${usersEach} users and ${taskCount} tasks each; ${complete} had them before. ` +
    `${rows.toLocaleString('en')} rows in ${seconds.toFixed(1)} s, ${Math.round(rows / seconds).toLocaleString('en')} a second.`
  )
}

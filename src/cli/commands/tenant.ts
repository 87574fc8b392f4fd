import { userInfo } from 'node:os'
import { Argument, Command, InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { pino } from 'pino'
import { parseTenantId } from '../../context/index.ts'
import { type AdminDatabase, createAdminDatabase, createPool } from '../../database/index.ts'
import { OperatorError } from '../../errors/index.ts'
import { isTenantSlug } from '../../resolution/index.ts'
import { databaseUrl } from '../database-url.ts'
import { changeStatus, createTenant, listTenants } from './tenant-rows.ts'

const logins = `
DATABASE_ADMIN_URL says where, as app_admin; where it is not set, DATABASE_OWNER_URL does, as the owner. Each run gives its
reason, which is logged to the standard error, and stands in app.admin_reason of its transaction.
`

const slug = new Argument('<slug>', 'its short name, as in acme.example.com').argParser((text: string) => {
  if (isTenantSlug(text)) return text
  throw new InvalidArgumentError(`It must be 1 to 63 of a-z, 0-9 and inner hyphens, and not read as a uuid.`)
})
const selector = new Argument('<slug-or-id>', 'its short name or its id').argParser((text: string) => {
  const found = parseTenantId(text) ?? (isTenantSlug(text) ? text : undefined)
  if (found !== undefined) return found
  throw new InvalidArgumentError('It must be a slug, of a-z, 0-9 and inner hyphens, or an id of 8-4-4-4-12 hex digits.')
})
const name = new Option('--name <name>', 'what people call it').makeOptionMandatory().argParser((text: string) => {
  if (text.trim() !== '' && [...text].length <= 200) return text
  throw new InvalidArgumentError('It must have 1 to 200 characters.')
})
const id = new Option('--id <uuid>', 'its id, where another system has given it one').argParser((text: string) => {
  const found = parseTenantId(text)
  if (found !== undefined) return found
  throw new InvalidArgumentError('It must be 8-4-4-4-12 hex digits.')
})
const status = new Option('--status <status>', 'those alone').choices(['active', 'suspended'] as const)
const reason = new Option('--reason <text>', 'why, for the log').makeOptionMandatory().argParser((text: string) => {
  if (text.trim() !== '' && text.length <= 500) return text
  throw new InvalidArgumentError('It must have 1 to 500 characters.')
})

const create = new Command('create')
  .description('Make a tenant, and print its id.')
  .addArgument(slug)
  .addOption(name)
  .addOption(id)
  .addHelpText('after', `${logins}\nExample:\n  rowhouse tenant create acme --name 'Acme Inc.'`)
  .action((slug, { name, id }) => withAdmin((admin) => createTenant(admin, { slug, name, id }, actor())))

const list = new Command('list')
  .description('List the tenants.')
  .addOption(status)
  .option('--json', 'as JSON')
  .addHelpText('after', `${logins}\nExample:\n  rowhouse tenant list --status suspended --json`)
  .action(({ status, json }) => withAdmin((admin) => listTenants(admin, { status, json }, actor())))

const suspend = new Command('suspend')
  .description('Refuse the requests of a tenant: within the five seconds that a service keeps what it knows.')
  .addArgument(selector)
  .addOption(reason)
  .addHelpText('after', `${logins}\nExample:\n  rowhouse tenant suspend acme --reason 'Invoice 4711 is not paid'`)
  .action((tenant, { reason }) =>
    withAdmin((admin) => changeStatus(admin, { tenant, status: 'suspended' }, { reason, actor: actor() })),
  )

const resume = new Command('resume')
  .description('Serve a suspended tenant again.')
  .addArgument(selector)
  .addOption(reason)
  .addHelpText('after', `${logins}\nExample:\n  rowhouse tenant resume acme --reason 'Invoice 4711 is paid'`)
  .action((tenant, { reason }) =>
    withAdmin((admin) => changeStatus(admin, { tenant, status: 'active' }, { reason, actor: actor() })),
  )

export const tenantCommand = new Command('tenant').description('Make, list, suspend and resume tenants.')
for (const command of [create, list, suspend, resume]) tenantCommand.addCommand(command)
tenantCommand.addHelpText('after', `${logins}\nExample:\n  rowhouse tenant create acme --name 'Acme Inc.'`)

/** Does work through the admin door, and prints what it gives. */
async function withAdmin(work: (admin: AdminDatabase) => Promise<string>): Promise<void> {
  const { DATABASE_ADMIN_URL, DATABASE_OWNER_URL } = process.env
  const [given, variable] = DATABASE_ADMIN_URL
    ? [DATABASE_ADMIN_URL, 'DATABASE_ADMIN_URL']
    : [DATABASE_OWNER_URL, 'DATABASE_OWNER_URL']
  if (!given)
    throw new OperatorError(
      'Where? Set DATABASE_ADMIN_URL: postgres://app_admin:password@host:5432/database, or DATABASE_OWNER_URL',
    )
  const admin = createAdminDatabase({
    connections: createPool({ url: databaseUrl(given, variable), size: 1 }),
    // The standard output is for what was asked for.
    log: pino({ base: {}, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true })),
    allowBound: true,
  })
  try {
    console.log(await work(admin))
  } finally {
    await admin.close()
  }
}

/** Who runs this, as the operating system knows them. */
function actor(): string | undefined {
  try {
    return userInfo().username
  } catch {
    return undefined // a container may run as a number that has no name
  }
}

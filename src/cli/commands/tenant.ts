import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { Argument, Command, InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { parseTenantId, type TenantIdType } from '../../context/index.ts'
import { type AdminDatabase, createAdminDatabase, createPool } from '../../database/index.ts'
import { OperatorError } from '../../errors/index.ts'
import { isTenantSlug } from '../../resolution/index.ts'
import { databaseUrl } from '../database-url.ts'
import { type CommandIo, print } from '../io.ts'
import { jsonLog } from '../output/json-log.ts'
import { createTenant, listTenants, setTenantStatus } from './tenant-rows.ts'

const environment = `
Environment variables:
  DATABASE_ADMIN_URL  the database, as app_admin
  DATABASE_OWNER_URL  the database, as its owner; used when DATABASE_ADMIN_URL is not set

Each run writes its reason and its actor to the log on stderr, and to the settings app.admin_reason and app.actor of its
transaction.
`

const types: TenantIdType[] = ['uuid', 'bigint', 'text']
/** An id of any type: the database knows the type of its ids. */
const idOf = (text: string) => types.map((type) => parseTenantId(text, type)).find((id) => id !== undefined)

const slug = new Argument('<slug>', 'the short name, as in acme.example.com').argParser((text: string) => {
  if (isTenantSlug(text)) return text
  throw new InvalidArgumentError('It must have 1 to 63 of a-z, 0-9 and inner hyphens, and must not look like a uuid.')
})
const slugOrId = new Argument('<slug-or-id>', 'the short name or the id').argParser((text: string) => {
  const parsed = idOf(text) ?? (isTenantSlug(text) ? text : undefined)
  if (parsed !== undefined) return parsed
  throw new InvalidArgumentError('It must be a slug (a-z, 0-9 and inner hyphens) or an id.')
})
const name = new Option('--name <name>', 'the display name (required)')
  .makeOptionMandatory()
  .argParser((text: string) => {
    if (text.trim() !== '' && [...text].length <= 200) return text
    throw new InvalidArgumentError('It must have 1 to 200 characters.')
  })
const id = new Option('--id <id>', 'the id, when another system has assigned one').argParser((text: string) => {
  const parsed = idOf(text)
  if (parsed !== undefined) return parsed
  throw new InvalidArgumentError(
    'It must be an id of this database: a uuid, a text of A-Z, a-z, 0-9, "_", "." and "-", or a number.',
  )
})
const status = new Option('--status <status>', 'only tenants with this status').choices([
  'active',
  'suspended',
] as const)
const reason = new Option('--reason <text>', 'the reason, for the log (required)')
  .makeOptionMandatory()
  .argParser((text: string) => {
    if (text.trim() !== '' && text.length <= 500) return text
    throw new InvalidArgumentError('It must have 1 to 500 characters.')
  })
const actor = new Option('--actor <name>', 'who acts, for the log (default: the user of the process)').argParser(
  (text: string) => {
    if (text.trim() !== '' && [...text].length <= 200) return text
    throw new InvalidArgumentError('It must have 1 to 200 characters.')
  },
)

export function createTenantCommand(io: CommandIo) {
  const create = new Command('create')
    .description('Create a tenant, and print its id.')
    .addArgument(slug)
    .addOption(name)
    .addOption(id)
    .addOption(actor)
    .addHelpText('after', `${environment}\nExample:\n  ${io.runner.run} rowhouse tenant create acme --name 'Acme Inc.'`)
    .action((slug, { name, id, actor = processUser() }) =>
      withAdmin(io, (admin) => createTenant(admin, { slug, name, id }, actor)),
    )

  const list = new Command('list')
    .description('List the tenants.')
    .addOption(status)
    .addOption(actor)
    .option('--json', 'print JSON')
    .addHelpText('after', `${environment}\nExample:\n  ${io.runner.run} rowhouse tenant list --status suspended --json`)
    .action(({ status, json, actor = processUser() }) =>
      withAdmin(io, (admin) => listTenants(admin, { status, json }, actor)),
    )

  const suspend = new Command('suspend')
    .description('Refuse all requests of a tenant. Running services follow within five seconds.')
    .addArgument(slugOrId)
    .addOption(reason)
    .addOption(actor)
    .addHelpText(
      'after',
      `${environment}\nExample:\n  ${io.runner.run} rowhouse tenant suspend acme --reason 'Invoice 4711 is not paid'`,
    )
    .action((tenant, { reason, actor = processUser() }) =>
      withAdmin(io, (admin) => setTenantStatus(admin, { tenant, status: 'suspended' }, { reason, actor })),
    )

  const resume = new Command('resume')
    .description('Serve a suspended tenant again.')
    .addArgument(slugOrId)
    .addOption(reason)
    .addOption(actor)
    .addHelpText(
      'after',
      `${environment}\nExample:\n  ${io.runner.run} rowhouse tenant resume acme --reason 'Invoice 4711 is paid'`,
    )
    .action((tenant, { reason, actor = processUser() }) =>
      withAdmin(io, (admin) => setTenantStatus(admin, { tenant, status: 'active' }, { reason, actor })),
    )

  const tenant = new Command('tenant').description('Create, list, suspend and resume tenants.')
  for (const command of [create, list, suspend, resume]) tenant.addCommand(command)
  return tenant.addHelpText(
    'after',
    `${environment}\nExample:\n  ${io.runner.run} rowhouse tenant create acme --name 'Acme Inc.'`,
  )
}

/** Prints the result of work in the admin database. */
async function withAdmin(io: CommandIo, work: (admin: AdminDatabase) => Promise<string>): Promise<void> {
  const { DATABASE_ADMIN_URL, DATABASE_OWNER_URL } = io.env
  const [url, variable] = DATABASE_ADMIN_URL
    ? [DATABASE_ADMIN_URL, 'DATABASE_ADMIN_URL']
    : [DATABASE_OWNER_URL, 'DATABASE_OWNER_URL']
  if (!url)
    throw new OperatorError(
      'DATABASE_ADMIN_URL is not set: set it to postgres://app_admin:password@host:5432/database, or set DATABASE_OWNER_URL',
    )
  const admin = createAdminDatabase({
    connections: createPool({ url: databaseUrl(url, variable), size: 1 }),
    log: jsonLog(io.stderr), // stdout is for the result
    allowBound: true,
  })
  try {
    print(io, await work(admin))
  } finally {
    await admin.close()
  }
}

/**
 * The user of the operating system that this process runs as. Bun's `userInfo()` returns the variable USER, which the caller sets
 * as they like.
 */
function processUser(): string {
  const id = process.getuid?.()
  if (id === undefined) return userInfo().username // Windows
  const { stdout } = spawnSync('id', ['-un'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return stdout?.trim() || `uid ${id}` // a container may have no name for its user
}

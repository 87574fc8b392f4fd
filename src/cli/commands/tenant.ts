import { Command } from '@commander-js/extra-typings'
import type { TenantKey } from '../../context/index.ts'
import type { Change, DirectoryEditor, DirectoryTenant, NewNames, TenantStatus } from '../../directory/index.ts'
import { OperatorError } from '../../errors/index.ts'
import { escaped, escapedJson } from '../../text/index.ts'
import type { CommandIo } from '../io.ts'
import { withEditor } from './tenant-editor.ts'
import {
  actor,
  allowReserved,
  by,
  domains,
  externalId,
  id,
  keyOf,
  name,
  newSlug,
  noDomains,
  processUser,
  reason,
  releaseDomains,
  requiredName,
  requiredReason,
  slug,
  status,
  tenantArgument,
} from './tenant-options.ts'

const environment = `
Environment variables:
  DATABASE_DIRECTORY_URL  the database, as app_directory, which may do this and nothing else
  DATABASE_ADMIN_URL      the database, as app_admin; used when the first one is not set
  DATABASE_OWNER_URL      the database, as its owner; used when neither is set

Each run writes its reason and its actor to the log on stderr. Those of a change stay in the history of the tenant.
`

export function createTenantCommand(io: CommandIo) {
  const example = (text: string) => `${environment}\nExample:\n  ${io.runner.run} rowhouse tenant ${text}`

  const create = new Command('create')
    .description('Create a tenant, and print its id.')
    .addArgument(newSlug)
    .addOption(requiredName)
    .addOption(externalId)
    .addOption(domains)
    .addOption(id)
    .addOption(allowReserved)
    .addOption(reason)
    .addOption(actor)
    .addHelpText('after', example("create acme --name 'Acme Inc.' --external-id org_2Nx"))
    .action((slug, { name, externalId, domain: domains, id, allowReserved, reason, actor = processUser() }) =>
      withEditor(
        io,
        async (editor) => {
          const occasion = { reason: reason ?? `create tenant ${slug}`, actor }
          return (await editor.create({ slug, name, externalId, domains, id }, occasion)).id
        },
        { allowReserved },
      ),
    )

  const get = new Command('get')
    .description('Print a tenant as JSON.')
    .addArgument(tenantArgument)
    .addOption(by)
    .addOption(actor)
    .addHelpText('after', example('get org_2Nx --by externalId'))
    .action((tenant, { by, actor = processUser() }) =>
      withEditor(io, async (editor) => json(await editor.get(keyOf(by, tenant), { reason: 'get tenant', actor })), {
        tenant,
      }),
    )

  const list = new Command('list')
    .description('List the tenants.')
    .addOption(status)
    .addOption(actor)
    .option('--json', 'print JSON')
    .addHelpText('after', example('list --status suspended --json'))
    .action(({ status, json: asJson, actor = processUser() }) =>
      withEditor(io, async (editor) => {
        const tenants = await listAll(editor, status, actor)
        return asJson ? json(tenants) : lines(tenants)
      }),
    )

  const rename = new Command('rename')
    .description('Change what a tenant is called and found by. It keeps its former names for itself.')
    .addArgument(tenantArgument)
    .addOption(by)
    .addOption(name)
    .addOption(slug)
    .addOption(externalId)
    .addOption(domains)
    .addOption(noDomains)
    .addOption(releaseDomains)
    .addOption(allowReserved)
    .addOption(reason)
    .addOption(actor)
    .addHelpText('after', example("rename acme --slug acme-group --name 'Acme Group'"))
    .action((tenant, { by, allowReserved, reason = 'rename tenant', actor = processUser(), ...given }) =>
      withEditor(
        io,
        async (editor) => {
          const { name, slug, externalId, releaseDomains } = given
          const names = { name, slug, externalId, domains: given.domains ? given.domain : [], releaseDomains }
          assertChange(names)
          const renamed = await editor.rename(keyOf(by, tenant), names, { reason, actor })
          return `Tenant ${renamed.slug} (${renamed.id}) has the name ${escaped(renamed.name)}.`
        },
        { tenant, allowReserved },
      ),
    )

  const suspend = new Command('suspend')
    .description('Refuse new requests of a tenant. Running services follow within six seconds.')
    .addArgument(tenantArgument)
    .addOption(by)
    .addOption(requiredReason)
    .addOption(actor)
    .addHelpText('after', example("suspend acme --reason 'Invoice 4711 is not paid'"))
    .action((tenant, { by, reason, actor = processUser() }) =>
      withEditor(io, (editor) => setStatus(editor, 'suspend', keyOf(by, tenant), { reason, actor }), { tenant }),
    )

  const resume = new Command('resume')
    .description('Serve a suspended tenant again.')
    .addArgument(tenantArgument)
    .addOption(by)
    .addOption(requiredReason)
    .addOption(actor)
    .addHelpText('after', example("resume acme --reason 'Invoice 4711 is paid'"))
    .action((tenant, { by, reason, actor = processUser() }) =>
      withEditor(io, (editor) => setStatus(editor, 'resume', keyOf(by, tenant), { reason, actor }), { tenant }),
    )

  const history = new Command('history')
    .description('Print the last 100 changes of a tenant as JSON, the last one first.')
    .addArgument(tenantArgument)
    .addOption(by)
    .addOption(actor)
    .addHelpText('after', example('history acme'))
    .action((tenant, { by, actor = processUser() }) =>
      withEditor(
        io,
        async (editor) =>
          json(await editor.history(keyOf(by, tenant), {}, { reason: 'read the history of a tenant', actor })),
        { tenant },
      ),
    )

  const tenant = new Command('tenant').description('Create, list, rename, suspend and resume tenants.')
  for (const command of [create, get, list, rename, suspend, resume, history]) tenant.addCommand(command)
  return tenant.addHelpText('after', example("create acme --name 'Acme Inc.'"))
}

const json = (value: unknown): string => escapedJson(JSON.stringify(value, undefined, 2))

/** A status that the tenant has already keeps the reason that its history has. */
async function setStatus(
  editor: DirectoryEditor,
  change: 'suspend' | 'resume',
  tenant: TenantKey,
  by: Change,
): Promise<string> {
  const before = await editor.get(tenant, { ...by, reason: 'get tenant' })
  const { slug, id, status } = await editor[change](tenant, by)
  return before.status === status
    ? `Tenant ${slug} (${id}) is already ${status}: the reason is not kept.`
    : `Tenant ${slug} (${id}) is ${status}.`
}

function assertChange(names: NewNames): void {
  const { releaseDomains: _, ...changes } = names
  if (Object.values(changes).every((value) => value === undefined))
    throw new OperatorError('Nothing to change: give --name, --slug, --external-id, --domain or --no-domains')
}

async function listAll(
  editor: DirectoryEditor,
  status: TenantStatus | undefined,
  actor: string,
): Promise<DirectoryTenant[]> {
  const all: DirectoryTenant[] = []
  let after: string | undefined
  do {
    const page = await editor.list({ status, after, limit: 1000 }, { reason: 'list tenants', actor })
    all.push(...page.tenants)
    after = page.next
  } while (after !== undefined)
  return all
}

/** One line a tenant, in the order of the slugs. */
function lines(tenants: readonly DirectoryTenant[]): string {
  if (tenants.length === 0) return 'No tenant found.'
  const width = Math.max(...tenants.map(({ slug }) => slug.length))
  return tenants
    .map(({ slug, status, id, name }) => [slug.padEnd(width), status.padEnd(9), id, escaped(name)].join('  '))
    .join('\n')
}

import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { Argument, InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { isActor, type TenantKey, type TenantKind } from '../../context/index.ts'
import { isTenantSlug } from '../../resolution/index.ts'

const kinds = ['id', 'slug', 'externalId', 'domain'] as const satisfies TenantKind[]

/** A parser of an option, which refuses a text with a sentence. */
const text = (isValid: (given: string) => boolean, message: string) => (given: string) => {
  if (isValid(given)) return given
  throw new InvalidArgumentError(message)
}

export const slugMessage = 'It must have 1 to 63 of a-z, 0-9 and inner hyphens, and must not look like a uuid.'

export const newSlug = new Argument('<slug>', 'the short name, as in acme.example.com').argParser(
  text(isTenantSlug, slugMessage),
)
export const tenantArgument = new Argument('<tenant>', 'the slug, or what --by says')
export const by = new Option('--by <kind>', 'what <tenant> is').choices(kinds).default('slug' as const)
export const name = new Option('--name <name>', 'the display name')
export const requiredName = new Option('--name <name>', 'the display name (required)').makeOptionMandatory()
export const slug = new Option('--slug <slug>', 'the new short name').argParser(text(isTenantSlug, slugMessage))
export const id = new Option('--id <id>', 'the id, when another system has assigned one')
export const externalId = new Option(
  '--external-id <id>',
  'the id of another system, such as org_2Nx of a login provider',
)
export const domains = new Option('--domain <domains...>', 'its domains, as a whole, such as shop.acme.example')
export const noDomains = new Option('--no-domains', 'remove all its domains').conflicts('domain')
export const releaseDomains = new Option(
  '--release-domains',
  'let other tenants get the domains that are removed, although a token may still name them',
)
export const allowReserved = new Option('--allow-reserved', 'accept a reserved slug, such as www or api')
export const status = new Option('--status <status>', 'only tenants with this status').choices([
  'active',
  'suspended',
] as const)
const parseReason = text((given) => given.trim() !== '' && given.length <= 500, 'It must have 1 to 500 characters.')
export const reason = new Option('--reason <text>', 'the reason, for the history').argParser(parseReason)
export const requiredReason = new Option('--reason <text>', 'the reason, for the history (required)')
  .makeOptionMandatory()
  .argParser(parseReason)
export const actor = new Option(
  '--actor <name>',
  'who acts, for the history (default: the user of the process)',
).argParser(text((given) => given.trim() !== '' && isActor(given), 'It must have 1 to 255 characters.'))

/** The tenant that an operator names. */
export const keyOf = (kind: TenantKind, value: string): TenantKey => ({ [kind]: value }) as TenantKey // one of its four forms

/**
 * The user of the operating system that this process runs as. Bun's `userInfo()` returns the variable USER, which the caller sets
 * as they like.
 */
export function processUser(): string {
  const id = process.getuid?.()
  if (id === undefined) return userInfo().username // Windows
  const { stdout } = spawnSync('id', ['-un'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return stdout?.trim() || `uid ${id}` // a container may have no name for its user
}

import type { TenantId } from '../../src/context/index.ts'
import { owner } from '../database/shared-database.ts'
import { contextOf, newTenant } from '../tenants.ts'

export const newSlug = () => `t${crypto.randomUUID().slice(0, 13)}`

/** Writes a tenant into the directory of the shared database, without an external id and domains. */
export async function register(slug = newSlug()) {
  const [row] = await owner`insert into tenancy.tenants (slug, name) values (${slug}, 'Acme Inc.') returning id`
  return { id: idOf(String(row?.id)), slug }
}

/** A value of each kind that names a tenant. */
export interface Keys {
  id: string
  slug: string
  externalId: string
  domain: string
}

/** The keys of a tenant that does not exist. */
export function newKeys(slug = newSlug()): Keys {
  return { id: newTenant(), slug, externalId: `org_${crypto.randomUUID()}`, domain: `${slug}.example` }
}

/** Writes a tenant with a value of each kind into the directory of the shared database. */
export async function registerAll(keys = newKeys()): Promise<Keys> {
  const { id, slug, externalId, domain } = keys
  await owner`insert into tenancy.tenants (id, slug, name, external_id) values (${id}, ${slug}, 'Acme Inc.', ${externalId})`
  await owner`insert into tenancy.tenant_domains values (${domain}, ${id})`
  return keys
}

export const idOf = (text: string): TenantId => contextOf(text).tenantId

export const suspend = async (id: string) =>
  void (await owner`update tenancy.tenants set status = 'suspended' where id = ${id}`)

import { parseTenantId, type TenantId } from '../../src/context/index.ts'
import { owner } from '../database/shared-database.ts'

export const newSlug = () => `t${crypto.randomUUID().slice(0, 13)}`

/** Writes a tenant into the directory of the shared database. */
export async function register(slug = newSlug()) {
  const [row] = await owner`insert into tenancy.tenants (slug, name) values (${slug}, 'Acme Inc.') returning id`
  return { id: idOf(String(row?.id)), slug }
}

export function idOf(text: string): TenantId {
  const id = parseTenantId(text)
  if (id === undefined) throw new TypeError(`${text} is not a tenant id`)
  return id
}

export const suspend = async (id: string) =>
  void (await owner`update tenancy.tenants set status = 'suspended' where id = ${id}`)

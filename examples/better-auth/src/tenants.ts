import { createHash } from 'node:crypto'
import { APIError } from 'better-auth/api'
import { ApiError } from 'rowhouse'
import { type DirectoryEditor, TenantExists, type TenantNames } from 'rowhouse/directory'

interface NewOrganization {
  name: string
  slug: string
}

/**
 * Creates the tenant of an organization that does not exist yet, and returns the id of that organization. So every organization has a
 * tenant. A failure between the two leaves a tenant without an organization: it opens nothing, because no session names it.
 *
 * The id follows from the user and the slug, so a second attempt of the same user finds the tenant that the first one left.
 *
 * @throws APIError when the directory refuses the slug or the name
 */
export async function openTenant(
  tenants: DirectoryEditor,
  userId: string,
  { name, slug }: NewOrganization,
): Promise<string> {
  const externalId = createHash('sha256').update(`${userId} ${slug}`).digest('hex').slice(0, 32)
  try {
    await tenants.create({ name, slug, externalId }, { actor: userId, reason: 'The organization is created' })
  } catch (error) {
    if (!(error instanceof TenantExists)) throw asRefusal(error)
    const found = await tenants.get({ slug }).catch(() => undefined)
    if (found?.externalId !== externalId) throw asRefusal(error)
  }
  return externalId
}

/** Gives the tenant the new names of its organization. */
export async function renameTenant(
  tenants: DirectoryEditor,
  userId: string,
  organizationId: string,
  names: TenantNames,
): Promise<void> {
  const by = { actor: userId, reason: 'The organization is renamed' }
  try {
    await tenants.rename({ externalId: organizationId }, names, by)
  } catch (error) {
    throw asRefusal(error)
  }
}

/** What better-auth answers with: a refusal of the directory keeps its status. */
function asRefusal(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error
  const { code, status, message, details } = error
  return new APIError(status, { code, message: details?.[0]?.message ?? message })
}

import { isActor, parseTenantId, type TenantKey, type TenantKind } from '../context/index.ts'
import { keyOf, partsOf } from '../context/internal.ts'
import { isLabel, parseDomain } from '../text/index.ts'

/**
 * Returns whether a text can be a tenant's slug: a label of a host name (RFC 1035, section 2.3.1) in lower case, and not in the form
 * of an id.
 */
export const isTenantSlug = (text: string): boolean => isLabel(text) && parseTenantId(text) === undefined

/** Slugs that a service needs for itself. {@link subdomain} takes none of them for a tenant, and the directory gives them to none. */
export const reservedSlugs: readonly string[] = ['www', 'api', 'app', 'admin', 'docs', 'static', 'status', 'mail']

const parsers: { [kind in TenantKind]: (value: string) => string | undefined } = {
  id: parseTenantId,
  slug: (value) => (isTenantSlug(value) ? value : undefined),
  // As long as an actor, and without what PostgreSQL cannot store or a log line cannot hold.
  externalId: (value) => (isActor(value) ? value : undefined),
  domain: parseDomain,
}

/** A key in its canonical form; undefined when no tenant can have it. */
export function parseTenantKey(key: TenantKey): TenantKey | undefined {
  const { kind, value } = partsOf(key)
  const parsed = parsers[kind](value)
  return parsed === undefined ? undefined : keyOf(kind, parsed)
}

import type { Problem } from '../envelope/index.ts'
import { ApiError } from '../errors/index.ts'
import { isTenantSlug, parseTenantKey } from '../resolution/index.ts'

/** What a tenant is called, and found by. */
export interface TenantNames {
  /** The display name: 1 to 200 characters. */
  name?: string | undefined
  /** A label of a host name in lower case. */
  slug?: string | undefined
  /** The id of another system, such as an organization's id of an identity provider: 1 to 255 characters, compared exactly. */
  externalId?: string | undefined
  /** The domains of the tenant, as a whole: those that it had and that are missing here are removed. */
  domains?: readonly string[] | undefined
}

/** The most domains of a tenant. */
const domainsMax = 100

/**
 * Checks names, and converts domains to their canonical form. The database knows the form of an id.
 *
 * @throws ApiError VALIDATION_FAILED with each problem
 */
export function parseNames<T extends TenantNames>(given: T, reserved: readonly string[]): T {
  const { name, slug, externalId, domains } = given
  const problems: Problem[] = []
  const check = (path: string, isValid: boolean, message: string) => {
    if (!isValid) problems.push({ path, code: 'invalid', message })
  }
  check('name', name === undefined || isName(name), 'Must have 1 to 200 characters')
  check(
    'slug',
    slug === undefined || isTenantSlug(slug),
    'Must have 1 to 63 of a-z, 0-9 and inner hyphens, and must not look like an id',
  )
  check('slug', slug === undefined || !reserved.includes(slug), 'Is reserved')
  const isExternalId = externalId === undefined || parseTenantKey({ externalId }) !== undefined
  check('externalId', isExternalId, 'Must have 1 to 255 characters, and no control characters')
  const parsed = domains?.map((domain) => parseTenantKey({ domain }))
  const canonical = parsed?.flatMap((key) => (key && 'domain' in key ? [key.domain] : []))
  check('domains', parsed?.length === canonical?.length, 'Must be domains such as shop.example.com')
  check('domains', (canonical?.length ?? 0) <= domainsMax, `Must have ${domainsMax} domains at most`)
  if (problems.length > 0) throw new ApiError('VALIDATION_FAILED', undefined, { details: problems })
  return { ...given, ...(canonical && { domains: [...new Set(canonical)] }) }
}

const isName = (name: string): boolean => name.trim() !== '' && [...name].length <= 200 && !/\p{Cc}/u.test(name)

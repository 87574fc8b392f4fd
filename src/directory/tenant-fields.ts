import { z } from '@hono/zod-openapi'
import { ApiError } from '../errors/index.ts'
import { problemsOf } from '../errors/internal.ts'
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

/** The names that a tenant gets; what is left out stays. */
export interface NewNames extends TenantNames {
  /** Whether other tenants may get the domains that this call removes, although a token may still name them. @default false */
  releaseDomains?: boolean | undefined
}

/** A tenant to create. */
export type NewTenant = Required<Pick<TenantNames, 'name' | 'slug'>> &
  TenantNames & {
    /** An id of the type that the database has. @default the database generates one */
    id?: string | undefined
  }

/** The most domains of a tenant. */
const domainsMax = 100

const name = z.string().refine(isName, 'Must have 1 to 200 characters, and no control characters')
const slug = z
  .string()
  .refine(isTenantSlug, 'Must have 1 to 63 of a-z, 0-9 and inner hyphens, and must not look like an id')
const externalId = z
  .string()
  .refine(
    (text) => parseTenantKey({ externalId: text }) !== undefined,
    'Must have 1 to 255 characters, and no control characters',
  )
const domain = z.string().transform((text, { issues }) => {
  const key = parseTenantKey({ domain: text })
  if (key && 'domain' in key) return key.domain
  issues.push({ code: 'custom', input: text, message: 'Must be a domain such as shop.example.com' })
  return z.NEVER
})
const domains = z
  .array(domain)
  .max(domainsMax, `Must have ${domainsMax} domains at most`)
  .transform((all) => [...new Set(all)])
const limit = z.int().min(1).max(1000).default(100)

/** The schemas of what the functions of the editor take, which may come from a request. */
export const schemasOf = (reserved: readonly string[]) => {
  const names = {
    name,
    slug: slug.refine((text) => !reserved.includes(text), 'Is reserved'),
    externalId: externalId.optional(),
    domains: domains.optional(),
  }
  return {
    create: z.object({ ...names, id: z.string().optional() }) satisfies z.ZodType<unknown, NewTenant>,
    rename: z
      .object({ ...names, name: name.optional(), slug: names.slug.optional(), releaseDomains: z.boolean().optional() })
      .refine(({ domains, releaseDomains }) => !releaseDomains || domains !== undefined, {
        path: ['releaseDomains'],
        message: 'Needs domains: the list of those that stay',
      }) satisfies z.ZodType<unknown, NewNames>,
    list: z.object({ after: slug.optional(), limit, status: z.enum(['active', 'suspended']).optional() }),
    history: z.object({ before: z.guid().optional(), limit }),
  }
}

/** @throws ApiError VALIDATION_FAILED with each problem */
export function parse<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  throw new ApiError('VALIDATION_FAILED', undefined, { details: problemsOf(parsed.error.issues) })
}

function isName(text: string): boolean {
  return text.trim() !== '' && [...text].length <= 200 && !/\p{Cc}/u.test(text)
}

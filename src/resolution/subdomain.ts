import type { Context } from 'hono'
import type { TenantExtractor } from './extractors.ts'
import { selectorOf } from './selector.ts'

export interface SubdomainOptions {
  /** Tenants are the names right under it: `app.example.com`. Left out, the Public Suffix List says what a domain is. */
  domain?: string
  /** First labels that are no tenant's. `www`, `api`, `app`, `admin`, `docs`, `static`, `status` and `mail` when left out. */
  exclude?: readonly string[]
  /** Whether the label is a name for the directory, as it is when left out, or an id. */
  yields?: 'id' | 'name'
}

const excludedByDefault = ['www', 'api', 'app', 'admin', 'docs', 'static', 'status', 'mail']

/**
 * Takes the tenant from the first label of the host: `acme` of `acme.example.com`. What is not exactly one label in front of
 * the domain names no tenant: the domain itself, `a.b.example.com`, an IP address, a malformed Host. Without `domain` it is
 * what can be registered under a suffix of the Public Suffix List (publicsuffix.org), private suffixes too: of
 * `acme.co.uk` and `acme.github.io` there is no tenant, of `acme.shop.github.io` it is `acme`. Tenants of
 * `localhost` are `acme.localhost` (RFC 6761, section 6.3).
 *
 * @throws TypeError for a domain or a label that is none (RFC 1123, section 2.1)
 * @example
 * app.use('/tasks/*', tenant({ from: subdomain({ domain: 'app.example.com' }), directory }))
 */
export function subdomain(options: SubdomainOptions = {}): TenantExtractor {
  const { domain, exclude = excludedByDefault, yields = 'name' } = options
  const excluded = new Set(exclude.map((label) => expectName(label, isLabel, 'label')))
  const under = domain === undefined ? undefined : expectName(domain, isHostName, 'domain')
  const select = selectorOf(yields)
  return {
    label: 'subdomain',
    missing: `Tenant is required: call your own subdomain${under === undefined ? '' : ` of ${under}`}`,
    givesNames: yields === 'name',
    // No `vary`: the host is part of the URL that a cache keys on (RFC 9111, section 2).
    async extract(c) {
      const host = hostOf(c)
      if (host === undefined) return undefined
      const parent = under ?? (await registrableDomain(host))
      if (parent === undefined || !host.endsWith(`.${parent}`)) return undefined
      const label = host.slice(0, -parent.length - 1)
      return isLabel(label) && !excluded.has(label) ? select(label) : undefined
    },
  }
}

const isLabel = (text: string): boolean => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)

function isHostName(text: string): boolean {
  const labels = text.split('.')
  // A last label that is a number makes it an IPv4 address, also a short one as 10.1 (WHATWG URL, "ends in a number").
  return text.length <= 253 && labels.every(isLabel) && !/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')
}

function expectName(text: string, isValid: (text: string) => boolean, what: string): string {
  const lower = text.toLowerCase()
  if (!isValid(lower)) throw new TypeError(`"${text}" is not a ${what} of host names`)
  return lower
}

/** The host that was asked for, canonical; undefined when it is no name. X-Forwarded-Host is not believed: anyone can send it. */
function hostOf(c: Context): string | undefined {
  const { url } = c.req
  const given = c.req.header('Host') ?? (URL.canParse(url) ? new URL(url).host : '')
  const host = given.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
  return isHostName(host) ? host : undefined
}

let publicSuffixes: Promise<typeof import('tldts')> | undefined

/** What somebody can register, with everything under it theirs. */
async function registrableDomain(host: string): Promise<string | undefined> {
  // The list knows no such suffix, and would take `acme.localhost` for the domain.
  if (host.endsWith('.localhost')) return 'localhost'
  publicSuffixes ??= import('tldts') // only now, since loading the list takes time that nobody else should pay
  const { getDomain } = await publicSuffixes
  return getDomain(host, { allowPrivateDomains: true, extractHostname: false }) ?? undefined
}

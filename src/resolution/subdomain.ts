import type { Context } from 'hono'
import { assertKind } from '../context/internal.ts'
import { optionalPackage } from '../errors/index.ts'
import { publicHost } from '../http/index.ts'
import { hostnameOf, isHostName, isLabel } from '../text/index.ts'
import type { TenantExtractor } from './extractors.ts'
import { reservedSlugs } from './tenant-keys.ts'

export interface SubdomainOptions {
  /**
   * The domain whose direct subdomains are tenants, such as `app.example.com`.
   *
   * @default the registrable domain of the host, by the Public Suffix List
   */
  domain?: string
  /**
   * Labels that are never a tenant.
   *
   * @default ['www', 'api', 'app', 'admin', 'docs', 'static', 'status', 'mail']
   */
  exclude?: readonly string[]
  /**
   * Whether the label is a slug of the tenant directory, or an id.
   *
   * @default 'slug'
   */
  yields?: 'id' | 'slug'
}

/**
 * Reads the tenant from the first label of the host: `acme` in `acme.example.com`. Exactly one label must stand before the
 * domain. The domain itself, `a.b.example.com`, an IP address and a malformed Host name no tenant.
 *
 * Without `domain`, the domain is the part that can be registered under a public suffix (publicsuffix.org), private suffixes
 * included: `acme.co.uk` and `acme.github.io` name no tenant, `acme.shop.github.io` names `acme`. On a developer's machine
 * use `acme.localhost` (RFC 6761, section 6.3). Behind `behindProxies` the host is the one that the proxies say.
 *
 * @throws TypeError when the domain or an excluded label is not valid in a host name (RFC 1123, section 2.1)
 * @example
 * app.use('/tasks/*', tenant({ from: subdomain({ domain: 'app.example.com' }), auth, directory }))
 */
export function subdomain(options: SubdomainOptions = {}): TenantExtractor {
  const { domain, exclude = reservedSlugs, yields = 'slug' } = options
  const excluded = new Set(exclude.map((label) => parseName('exclude', label, isLabel, 'labels')))
  const under = domain === undefined ? undefined : parseName('domain', domain, isHostName, 'a domain')
  assertKind(yields, ['id', 'slug'])
  if (under === undefined) void loadPublicSuffixes()
  return {
    label: 'subdomain',
    missing: `Tenant is required: call your own subdomain${under === undefined ? '' : ` of ${under}`}`,
    yields,
    // No `vary`: the host is part of the URL, which is the key of a cache (RFC 9111, section 2).
    async extract(c) {
      const host = hostOf(c)
      if (host === undefined) return undefined
      const parent = under ?? (await registrableDomain(host))
      if (parent === undefined || !host.endsWith(`.${parent}`)) return undefined
      const label = host.slice(0, -parent.length - 1)
      return isLabel(label) && !excluded.has(label) ? label : undefined
    },
  }
}

/**
 * Reads the tenant from the whole host: `shop.acme.example`, a domain of the tenant in the tenant directory. Behind `behindProxies` the
 * host is the one that the proxies say.
 *
 * @example
 * app.use('/tasks/*', tenant({ from: firstOf(subdomain({ domain: 'app.example.com' }), domain()), auth, directory }))
 */
export function domain(): TenantExtractor {
  return {
    label: 'domain',
    missing: 'Tenant is required: call your own domain',
    yields: 'domain',
    extract: hostOf, // no `vary`, as above
  }
}

function parseName(option: string, text: string, isValid: (text: string) => boolean, what: string): string {
  const lower = text.toLowerCase()
  if (!isValid(lower)) throw new TypeError(`subdomain()'s ${option} must be ${what} of a host name (got "${text}")`)
  return lower
}

/** Returns the request's host in canonical form. X-Forwarded-Host, which every client can send, counts behind `behindProxies` only. */
function hostOf(c: Context): string | undefined {
  const host = hostnameOf(publicHost(c))
  return isHostName(host) ? host : undefined
}

let publicSuffixes: Promise<typeof import('tldts')> | undefined

/** Loads the list of public suffixes. Without the package the process ends with the command that installs it. */
function loadPublicSuffixes(): Promise<typeof import('tldts')> {
  publicSuffixes ??= optionalPackage('tldts', () => import('tldts'), 'subdomain() without a domain needs')
  return publicSuffixes
}

/** Returns the domain that one owner registers, such as `example.co.uk`. */
async function registrableDomain(host: string): Promise<string | undefined> {
  // `localhost` is not in the list, so `acme.localhost` would be the domain.
  if (host.endsWith('.localhost')) return 'localhost'
  const { getDomain } = await loadPublicSuffixes()
  return getDomain(host, { allowPrivateDomains: true, extractHostname: false }) ?? undefined
}

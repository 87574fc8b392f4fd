import { describe, expect, test } from 'bun:test'
import {
  type DirectoryEntry,
  domain,
  type SubdomainOptions,
  subdomain,
  type TenantDirectory,
} from '../../src/resolution/index.ts'
import { newTenant, tenantIdMust, tenantIdType } from '../tenants.ts'
import { directoryOf, newApp, newEntry } from './app.ts'

// A host name has no upper case, and its labels have no dots.
const id = tenantIdType === 'text' ? 'org-1' : newTenant()
const acme = newEntry('acme', 'active', id)
const umlaut = newEntry('xn--bcher-kva')
const directory = directoryOf(acme, umlaut, newEntry('www'), newEntry('a.acme'), newEntry('_acme'))

/** The tenant of a Host, or the status and message of the error. */
async function tenantOf(host: string, options: SubdomainOptions = {}) {
  const response = await newApp({ from: subdomain(options), directory }).request('/', { headers: { Host: host } })
  const body = await response.json()
  return response.ok ? body.tenantId : `${response.status} ${body.error.message}`
}

const none = '403 Tenant is required: call your own subdomain'

describe('a subdomain by the Public Suffix List', () => {
  test.each([
    'acme.app.co.uk',
    'acme.app.co.uk:8443',
    'ACME.App.Co.UK',
    'acme.app.co.uk.',
    'acme.app.co.uk.:443',
    'acme.example.com',
    'acme.myapp.github.io',
    'acme.localhost',
    'acme.localhost:3000',
    'acme.shop.internal',
  ])('finds acme in %s', async (host) => {
    expect(await tenantOf(host)).toBe(acme.id)
  })

  test('finds an international name in its ASCII form', async () => {
    expect(await tenantOf('xn--bcher-kva.app.co.uk')).toBe(umlaut.id)
  })

  test.each([
    ['an excluded label', 'www.app.co.uk'],
    ['an excluded label of localhost', 'www.localhost:3000'],
    ['the domain itself', 'app.co.uk'],
    ['a domain directly under a private suffix', 'acme.github.io'],
    ['a public suffix', 'co.uk'],
    ['a private suffix', 'github.io'],
    ['localhost', 'localhost'],
    ['localhost with a port', 'localhost:3000'],
    ['more than one label', 'a.acme.app.co.uk'],
    ['more than one label of localhost', 'a.acme.localhost'],
    ['a bare name', 'acme'],
    ['an IPv4 address', '127.0.0.1:3000'],
    ['a short IPv4 address', 'acme.2.3'],
    ['a hexadecimal IPv4 address', 'acme.app.0x7f'],
    ['an IPv6 address', '[::1]:3000'],
    ['two trailing dots', 'acme.app.co.uk..'],
    ['an empty label', 'acme..co.uk'],
    ['an empty first label', '.app.co.uk'],
    ['a leading hyphen', '-acme.app.co.uk'],
    ['a trailing hyphen', 'acme-.app.co.uk'],
    ['an underscore', '_acme.app.co.uk'],
    ['an underscore in the domain', 'acme._app.co.uk'],
    ['a label of 64 characters', `${'a'.repeat(64)}.app.co.uk`],
    ['a port that is not a number', 'acme.app.co.uk:http'],
    ['two ports', 'acme.app.co.uk:80:80'],
    ['credentials', 'acme.app.co.uk@evil.com'],
    ['a path', 'acme.app.co.uk/x'],
    ['two hosts', 'acme.app.co.uk, acme.app.co.uk'],
    ['a port alone', ':3000'],
    ['nothing', ''],
  ])('finds no tenant in %s', async (_what, host) => {
    expect(await tenantOf(host)).toBe(none)
  })

  test('uses the host of the URL without a Host header', async () => {
    const app = newApp({ from: subdomain(), directory })
    expect(await (await app.request('http://acme.app.co.uk:3000/')).json()).toMatchObject({ tenantId: acme.id })
  })

  test('ignores X-Forwarded-Host', async () => {
    const headers = { Host: 'app.co.uk', 'X-Forwarded-Host': 'acme.app.co.uk' }
    expect((await newApp({ from: subdomain(), directory }).request('/', { headers })).status).toBe(403)
  })

  test('adds nothing to Vary', async () => {
    const response = await newApp({ from: subdomain(), directory }).request('http://acme.app.co.uk/')
    expect(response.headers.get('Vary')).toBeNull()
  })
})

describe('a subdomain of a given domain', () => {
  const domain = 'App.Example.com'

  test.each(['acme.app.example.com', 'ACME.app.example.com.:8080'])('finds acme in %s', async (host) => {
    expect(await tenantOf(host, { domain })).toBe(acme.id)
  })

  test.each([
    'acme.example.com',
    'app.example.com',
    'www.app.example.com',
    'a.acme.app.example.com',
    'acme.app.example.com.evil.com',
    'acme.evilapp.example.com',
    'acmeapp.example.com',
    'acme.localhost',
  ])('finds no tenant in %s', async (host) => {
    expect(await tenantOf(host, { domain })).toBe(`${none} of app.example.com`)
  })
})

test('a host of more than 253 characters names no tenant', async () => {
  const domain = `${'a.'.repeat(118)}example.com`
  expect(await tenantOf(`acme.${domain}`, { domain })).toBe(acme.id)
  expect(await tenantOf(`acme.a.${domain}`, { domain: `a.${domain}` })).toStartWith('403')
})

test('the excluded labels can be configured', async () => {
  expect(await tenantOf('acme.app.co.uk', { exclude: ['ACME'] })).toBe(none)
  expect(await tenantOf('www.app.co.uk', { exclude: ['acme'] })).not.toBe(none)
})

test('the label can be an id', async () => {
  expect(await tenantOf(`${id}.app.co.uk`, { yields: 'id' })).toBe(id)
})

test('a label that is no id is malformed', async () => {
  expect(await tenantOf('acme.app.co.uk', { yields: 'id' })).toBe(
    `400 subdomain must be one tenant id: ${tenantIdMust}`,
  )
})

test.each([
  { domain: '' },
  { domain: '.example.com' },
  { domain: '*.example.com' },
  { domain: 'https://example.com' },
  { domain: 'example.com:3000' },
  { domain: '127.0.0.1' },
  { exclude: ['www.app'] },
  { exclude: [''] },
  { yields: 'externalId' as 'slug' }, // what JavaScript may pass
])('subdomain() rejects the options %j', (options) => {
  expect(() => subdomain(options)).toThrow(TypeError)
})

describe('domain', () => {
  const shop: DirectoryEntry = { ...newEntry('acme'), domains: ['shop.acme.example'] }
  const other = newEntry('shop')
  const directory: TenantDirectory = {
    find: (key) =>
      [shop, other].find(({ slug, domains = [] }) =>
        'domain' in key ? domains.includes(key.domain) : 'slug' in key && key.slug === slug,
      ),
  }
  const send = async (host: string, from = domain()) =>
    (await newApp({ from, directory }).request('/', { headers: { Host: host } })).json()

  test.each(['shop.acme.example', 'SHOP.Acme.example', 'shop.acme.example.', 'shop.acme.example:8443'])(
    'reads the tenant from the host %s',
    async (host) => {
      expect(await send(host)).toMatchObject({ tenantId: shop.id })
    },
  )

  test.each(['acme.example', 'a.shop.acme.example', 'shop', '127.0.0.1', 'shop.acme.example.evil.example'])(
    'finds no tenant for the host %s',
    async (host) => {
      expect(await send(host)).toMatchObject({ statusCode: 403 })
    },
  )
})

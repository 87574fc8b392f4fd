import { describe, expect, test } from 'bun:test'
import { type Authentication, type Identity, unverified } from '../../src/context/index.ts'
import { claim, header, type TenantOptions, tenant } from '../../src/resolution/index.ts'
import { newTenant } from '../tenants.ts'
import { newApp } from './app.ts'

// What is left out lets nobody in: the type refuses it, and for JavaScript the construction or the request does.

const from = header('X-Tenant-Id')
const auth = unverified({})
const asJavaScript = (options: object) => () => tenant(options as TenantOptions) // the type refuses these options

describe('tenant()', () => {
  test('does not compile without auth, and throws at construction', () => {
    // @ts-expect-error auth is required
    expect(() => tenant({ from })).toThrow(TypeError)
  })

  test.each<[string, object]>([
    ['without auth', { from }],
    ['with auth that is undefined', { from, auth: undefined }],
    ['with auth that is null', { from, auth: null }],
    ['with a function instead of its result', { from, auth: unverified }],
    ['with an auth that verifies nothing', { from, auth: { vary: [] } }],
    ['with an auth that names no headers for Vary', { from, auth: { verify: () => ({ tenants: 'any' }) } }],
    ['with the option trust of old', { from, trust: auth }],
  ])('%s throws, and the message names the remedies', (_, options) => {
    expect(asJavaScript(options)).toThrow(
      new TypeError(
        'tenant() needs auth, which verifies callers: jwt(), session() or gateway() of rowhouse/auth, or unverified() for a demo',
      ),
    )
  })

  test.each([{ auth }, { auth, from: undefined }, { auth, from: header }])(
    'throws without an extractor (%#)',
    (options) => {
      expect(asJavaScript(options)).toThrow('tenant() needs from')
    },
  )

  test('throws when ids must be in a directory and there is none', () => {
    expect(() => tenant({ from, auth, directoryRequired: true })).toThrow('directoryRequired is true')
  })
})

describe('an authentication that does not say which tenants its caller may act for', () => {
  test('does not compile', () => {
    // @ts-expect-error tenants is required: a forgotten list would be every tenant
    const identity: Identity = { actor: 'ada' }
    expect(identity.tenants).toBeUndefined()
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null, as for an unknown session', null],
    ['an actor alone', { actor: 'ada' }],
    ['tenants that are undefined', { actor: 'ada', tenants: undefined }],
    ['tenants that are null', { actor: 'ada', tenants: null }],
    ['one tenant instead of a list', { actor: 'ada', tenants: newTenant() }],
    ['a list with undefined in it, as of a session without an organisation', { tenants: [undefined] }],
    ['a list with null in it', { tenants: [null] }],
  ])('reaches no handler when it returns %s', async (_, identity) => {
    const careless: Authentication = { vary: [], verify: () => identity as Identity } // the type refuses these values
    const headers = { 'X-Tenant-Id': newTenant() }
    expect((await newApp({ from, auth: careless }).request('/', { headers })).status).toBe(500)
  })

  test('is told in the error what to return', async () => {
    const app = newApp({ from, auth: { vary: [], verify: () => ({ actor: 'ada' }) as Identity } }) // the type refuses it
    const messages: string[] = []
    app.onError(({ message }, c) => {
      messages.push(message)
      return c.text('')
    })
    await app.request('/', { headers: { 'X-Tenant-Id': newTenant() } })
    expect(messages).toEqual([expect.stringContaining('whose tenants are a list of ids or of')])
  })
})

test('an unverified caller names no tenant in a claim', async () => {
  expect((await newApp({ from: claim(), auth }).request('/')).status).toBe(403)
})

import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { testClient } from '../../src/testing/index.ts'
import { app } from '../app.ts'
import { newTenant, tenantIdType } from '../tenants.ts'
import { timeoutMs, tries } from './settings.ts'

const { as } = testClient(app)
const [a, b] = [newTenant(), newTenant()]
for (const tenant of [a, b]) await as(tenant).post('/users', { email: 'ada@rowhouse.example', name: tenant })

/** Spellings of an id: letter cases, braces, no hyphens, added, changed or missing characters, and two ids. */
const spellings = (id: string): fc.Arbitrary<string> => {
  const place = fc.nat({ max: id.length })
  const character = fc.constantFrom(...' \t{}()-,;:"\'%\\/+*_=\xa0\xff09afAFgZ')
  const letters = fc.array(fc.boolean(), { minLength: id.length, maxLength: id.length })
  return fc.oneof(
    letters.map((upper) => [...id].map((letter, n) => (upper[n] ? letter.toUpperCase() : letter)).join('')),
    fc.constantFrom(`{${id}}`, `urn:uuid:${id}`, id.replaceAll('-', ''), `${id}, ${b}`, `${b}, ${id}`, `${id}%00`),
    fc.tuple(place, character).map(([at, one]) => id.slice(0, at) + one + id.slice(at)),
    fc.tuple(place, character).map(([at, one]) => id.slice(0, at) + one + id.slice(at + 1)),
    fc.tuple(place, place).map(([at, to]) => id.slice(0, at) + id.slice(to)),
    fc.tuple(place, place).map(([at, to]) => b.slice(0, at) + id.slice(to)),
  )
}

const form = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  text: /^[a-z0-9][a-z0-9_.-]{0,127}$/i,
  bigint: /^[1-9][0-9]{0,17}$|^[1-8][0-9]{18}$/,
}[tenantIdType]
const canonical = (id: string) => (tenantIdType === 'uuid' ? id.toLowerCase() : id)

/** A header selects the tenant with exactly this id, a uuid in any letter case, or the request fails. */
const selectsItsOwn = fc.asyncProperty(spellings(a), async (spelled) => {
  const { status, data } = await as(spelled).get<{ name: string }[] | undefined>('/users')
  // White space around a header's value is not part of it (RFC 9110, section 5.5).
  const id = canonical(spelled.replace(/^[ \t]+|[ \t]+$/g, ''))
  const isId = form.test(id)
  const names = id === a || id === b ? [id] : []
  const seen = { status, names: data?.map(({ name }) => name) }
  expect(seen).toEqual(isId ? { status: 200, names } : { status: id === '' ? 403 : 400, names: undefined })
})

test('no spelling of a tenant’s id selects another tenant', () => fc.assert(selectsItsOwn, tries(300)), timeoutMs)

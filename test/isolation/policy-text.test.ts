import { describe, expect, test } from 'bun:test'
import { readTenantCondition } from '../../src/isolation/policy-text.ts'

const once = (tenant: string) => ({ tenant, once: true })
const perRow = (tenant: string) => ({ tenant, once: false })
const ours = '(tenant_id = ( SELECT tenancy.current_tenant_id() AS current_tenant_id))'

// Texts as pg_get_expr() prints them.
describe('a condition ties rows to a tenant', () => {
  test.each([
    ['through a sub-select', ours, once('tenancy.current_tenant_id()')],
    ['the other way round', '(( SELECT app.t() AS t) = tenant_id)', once('app.t()')],
    ['by a call', '(tenant_id = app.t())', perRow('app.t()')],
    [
      'by a setting',
      `(tenant_id = (current_setting('app.t'::text))::uuid)`,
      perRow(`(current_setting('app.t'::text))::uuid`),
    ],
    [
      'by a setting, with a cast of the column',
      `((tenant_id)::text = current_setting('a = b OR c'::text, true))`,
      perRow(`current_setting('a = b OR c'::text, true)`),
    ],
    ['by the role', '(tenant_id = CURRENT_USER)', once('CURRENT_USER')],
    [
      'by a claim',
      `(tenant_id = ((( SELECT auth.jwt() AS jwt) ->> 'org_id'::text))::uuid)`,
      once(`((( SELECT auth.jwt() AS jwt) ->> 'org_id'::text))::uuid`),
    ],
    [
      'by a careful setting',
      `(tenant_id = ( SELECT (NULLIF(current_setting('app.t'::text, true), ''::text))::uuid AS "nullif"))`,
      once(`(NULLIF(current_setting('app.t'::text, true), ''::text))::uuid`),
    ],
    ['and by more', `(${ours} AND (note <> 'it''s OR that'::text))`, once('tenancy.current_tenant_id()')],
    ['and by more that may be one of two', `((a OR b) AND ${ours})`, once('tenancy.current_tenant_id()')],
  ])('%s', (_, text, expected) => {
    expect(readTenantCondition(text, 'tenant_id')).toEqual(expected)
  })

  test('in a column whose name is quoted', () => {
    expect(readTenantCondition('("Org Id" = app.t())', '"Org Id"')).toEqual(perRow('app.t()'))
  })
})

describe('a condition does not tie rows to a tenant', () => {
  test.each([
    ['that is always true', 'true'],
    ['that has a way out', `(${ours} OR (note = 'public'::text))`],
    ['that has a way out, deeper', `((a = 1) AND (${ours} OR true))`],
    ['that compares the tenant with itself', '(tenant_id = tenant_id)'],
    ['that compares the tenant with what is made of it', '(tenant_id = lower(tenant_id))'],
    ['that compares the tenant with another column', '(tenant_id = owner_id)'],
    ['that may fall back to another column', '(tenant_id = COALESCE(app.t(), "Owner"))'],
    ['that compares it with what is asked of the row', '(tenant_id = ( SELECT app.t(notes.kind) AS t))'],
    ['that asks of the whole row', '(tenant_id = app.t(notes.*))'],
    ['that is not about the tenant', '(owner_id = app.t())'],
    ['that says what it is not', '(tenant_id <> app.t())'],
    ['that asks another table', '(tenant_id = ( SELECT m.tenant_id\n   FROM members m))'],
    ['that is a list', '(tenant_id IN ( SELECT m.tenant_id\n   FROM members m))'],
    ['that is denied', `(NOT ${ours})`],
    ['that hides in another', `COALESCE(${ours}, true)`],
    ['that is about another column', '(other.tenant_id = app.t())'],
  ])('%s', (_, text) => {
    expect(readTenantCondition(text, 'tenant_id')).toBeUndefined()
  })
})

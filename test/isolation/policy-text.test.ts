import { describe, expect, test } from 'bun:test'
import { readTenantCondition } from '../../src/isolation/policy-text.ts'

const once = (tenant: string) => ({ tenant, once: true })
const perRow = (tenant: string) => ({ tenant, once: false })
const ours = '(tenant_id = ( SELECT tenancy.current_tenant_id() AS current_tenant_id))'

// Texts as pg_get_expr() prints them.
describe('a condition limits rows to a tenant', () => {
  test.each([
    ['through a sub-select', ours, once('tenancy.current_tenant_id()')],
    ['with the column on the right', '(( SELECT app.t() AS t) = tenant_id)', once('app.t()')],
    ['by a call', '(tenant_id = app.t())', perRow('app.t()')],
    [
      'by a setting',
      `(tenant_id = (current_setting('app.t'::text))::uuid)`,
      perRow(`(current_setting('app.t'::text))::uuid`),
    ],
    [
      'by a setting, with a cast of the column',
      `((tenant_id)::text = current_setting('a = b OR c'::text, true))`,
      { ...perRow(`current_setting('a = b OR c'::text, true)`), comparedAs: 'text' },
    ],
    [
      'by a call with arguments in a sub-select that is cast',
      `(tenant_id = (( SELECT current_setting('app.t'::text, true) AS current_setting))::uuid)`,
      once(`(( SELECT current_setting('app.t'::text, true) AS current_setting))::uuid`),
    ],
    ['by the role', '(tenant_id = CURRENT_USER)', once('CURRENT_USER')],
    [
      'by a claim',
      `(tenant_id = ((( SELECT auth.jwt() AS jwt) ->> 'org_id'::text))::uuid)`,
      once(`((( SELECT auth.jwt() AS jwt) ->> 'org_id'::text))::uuid`),
    ],
    [
      'by a setting with nullif',
      `(tenant_id = ( SELECT (NULLIF(current_setting('app.t'::text, true), ''::text))::uuid AS "nullif"))`,
      once(`(NULLIF(current_setting('app.t'::text, true), ''::text))::uuid`),
    ],
    [
      'and with another condition',
      `(${ours} AND (note <> 'it''s OR that'::text))`,
      once('tenancy.current_tenant_id()'),
    ],
    ['and with another condition that has OR', `((a OR b) AND ${ours})`, once('tenancy.current_tenant_id()')],
  ])('%s', (_, text, expected) => {
    expect(readTenantCondition(text, 'tenant_id')).toEqual(expected)
  })

  test('with a quoted column name', () => {
    expect(readTenantCondition('("Org Id" = app.t())', '"Org Id"')).toEqual(perRow('app.t()'))
  })
})

describe('a condition does not limit rows to a tenant', () => {
  test.each([
    ['that is always true', 'true'],
    ['that compares with each of a list', `(tenant_id = ANY ((string_to_array(app.t(), ','::text))::uuid[]))`],
    ['with OR', `(${ours} OR (note = 'public'::text))`],
    ['with OR inside AND', `((a = 1) AND (${ours} OR true))`],
    ['that compares the tenant with itself', '(tenant_id = tenant_id)'],
    ['that compares the tenant with a function of itself', '(tenant_id = lower(tenant_id))'],
    ['that compares the tenant with another column', '(tenant_id = owner_id)'],
    ['that falls back to another column', '(tenant_id = COALESCE(app.t(), "Owner"))'],
    ['that passes a column to the function', '(tenant_id = ( SELECT app.t(notes.kind) AS t))'],
    ['that passes the whole row to the function', '(tenant_id = app.t(notes.*))'],
    ['without the tenant column', '(owner_id = app.t())'],
    ['with <>', '(tenant_id <> app.t())'],
    ['that reads another table', '(tenant_id = ( SELECT m.tenant_id\n   FROM members m))'],
    ['with IN', '(tenant_id IN ( SELECT m.tenant_id\n   FROM members m))'],
    ['with NOT', `(NOT ${ours})`],
    ['inside COALESCE', `COALESCE(${ours}, true)`],
    ['of another table’s column', '(other.tenant_id = app.t())'],
  ])('%s', (_, text) => {
    expect(readTenantCondition(text, 'tenant_id')).toBeUndefined()
  })
})

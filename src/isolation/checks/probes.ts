import type { Check } from '../finding.ts'

/** What the catalogue does not show. The probes run in savepoints of the check's transaction. */
export const probeChecks = {
  rows: {
    check: 'rows-without-tenant',
    guarantee: 3,
    level: 'error',
    isDemonstrated: true,
    should: 'No table returns a row when no tenant is set.',
  },
  otherRows: {
    check: 'rows-of-another-tenant',
    guarantee: 1,
    level: 'error',
    isDemonstrated: true,
    should: 'No table or view returns rows of other tenants to a tenant without rows.',
  },
  expression: {
    check: 'tenant-expression',
    guarantee: 14,
    level: 'error',
    isDemonstrated: true,
    should: 'The tenant expression of the policies is null without a tenant and follows the setting in every call.',
  },
  signedContext: {
    check: 'signed-context',
    guarantee: 8,
    level: 'error',
    should: 'The database accepts the tenant as the service sets it: signed with one of its keys, or plain.',
  },
  notTried: {
    check: 'not-tried',
    guarantee: 3,
    level: 'warning',
    should: 'The check can evaluate the tenant expression of the policies and query every tenant table.',
  },
} satisfies Record<string, Check>

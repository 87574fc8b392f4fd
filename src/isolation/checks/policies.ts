import type { Check } from '../finding.ts'

/** Guarantees G12 and G14: the text of policies, which judge-policies.ts reads. */
export const policyChecks = {
  missing: {
    check: 'policy-missing',
    guarantee: 12,
    level: 'error',
    elsewhere: 'warning',
    should: 'Every tenant table has a permissive policy for the serving role.',
  },
  restrictive: {
    check: 'restrictive-policy-missing',
    guarantee: 12,
    level: 'error',
    elsewhere: 'warning',
    should:
      'Every tenant table has a restrictive policy for all roles, so that a permissive policy added later opens nothing.',
  },
  text: {
    check: 'policy-text',
    guarantee: 12,
    level: 'error',
    elsewhere: 'warning',
    elsewhereOnly: / cannot be judged /,
    should: 'Every permissive policy limits rows to the tenant, in USING and in WITH CHECK.',
  },
  several: {
    check: 'policy-several',
    guarantee: 12,
    level: 'warning',
    should: 'Each command has one permissive policy: PostgreSQL combines several with OR.',
  },
  otherRole: {
    check: 'policy-other-role',
    guarantee: 12,
    level: 'warning',
    should: 'No policy gives another role the rows of a tenant table without comparing the tenant.',
  },
  once: {
    check: 'policy-once',
    guarantee: 14,
    level: 'warning',
    should: 'A policy calls the tenant function in a sub-select, once a statement and not once a row.',
  },
  default: {
    check: 'tenant-default',
    guarantee: 12,
    level: 'warning',
    elsewhere: 'none',
    should: 'The default of the tenant column is the current tenant.',
  },
} satisfies Record<string, Check>

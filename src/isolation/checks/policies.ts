import type { Check } from '../finding.ts'

/** Promises 12 and 14: what policies say. They are judged by their text, not by a query. */
export const policyChecks = {
  missing: {
    check: 'policy-missing',
    guarantee: 12,
    level: 'error',
    should: 'Every table of tenants has a permissive policy for the serving role.',
  },
  restrictive: {
    check: 'restrictive-policy-missing',
    guarantee: 12,
    level: 'error',
    should:
      'A restrictive policy for everybody stands behind the permissive one: a sloppy one added later opens nothing.',
  },
  text: {
    check: 'policy-text',
    guarantee: 12,
    level: 'error',
    should: 'Every policy ties rows to the one tenant, in USING and in WITH CHECK.',
  },
  several: {
    check: 'policy-several',
    guarantee: 12,
    level: 'warning',
    should: 'One permissive policy covers a command: several are ORed.',
  },
  otherRole: {
    check: 'policy-other-role',
    guarantee: 12,
    level: 'warning',
    should: 'No policy opens a table of tenants to another role.',
  },
  once: {
    check: 'policy-once',
    guarantee: 14,
    level: 'warning',
    should: 'A policy asks for the tenant once a statement, through a sub-select.',
  },
} satisfies Record<string, Check>

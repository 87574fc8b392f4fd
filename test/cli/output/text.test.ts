import { describe, expect, test } from 'bun:test'
import { asText } from '../../../src/cli/output/text.ts'
import type { Finding } from '../../../src/isolation/index.ts'

const finding = (check: string, object: string, problem: string, more: Partial<Finding> = {}): Finding => ({
  level: 'error',
  check,
  guarantee: 12,
  object,
  problem,
  remedy: 'Mend it.',
  ...more,
})
const warning = { level: 'warning' } as const
const io = { env: {}, cwd: '.', stdout: process.stdout, stderr: process.stderr }

/** The paragraphs of a report. */
const paragraphs = (...findings: Finding[]) =>
  asText({ subject: 'web on db', findings, milliseconds: 12 }, { ...io, env: { NO_COLOR: '1' } }).split('\n\n')

describe('a report as text', () => {
  test('begins with what was demonstrated', () => {
    const [first] = paragraphs(
      finding('rows-without-tenant', 'public.a', 'it returns rows without a tenant'),
      finding('policy-text', 'public.a', 'its policy is open', { remedy: 'alter policy …;' }),
    )
    expect(first).toBe(
      [
        'Demonstrated: the check ran a query and saw it',
        '  error    rows-without-tenant',
        '    public.a: it returns rows without a tenant',
        '      → Mend it.',
      ].join('\n'),
    )
  })

  test('has one paragraph for a table with twelve like findings, and their common remedy once', () => {
    const columns = Array.from({ length: 12 }, (_, n) => `its column c${n} numbers rows`)
    const [first, ...rest] = paragraphs(
      ...columns.map((problem) => finding('identity-column', 'public.a', problem, warning)),
    )
    expect(first?.split('\n')).toEqual([
      'public.a: 12 warnings',
      '  warning  identity-column (12)',
      ...columns.map((problem) => `    ${problem}`),
      '      → Mend it.',
    ])
    expect(rest).toHaveLength(2)
  })

  test('has one paragraph for tables with the same findings', () => {
    const tables = Array.from({ length: 300 }, (_, n) => `public.t${n}`)
    const found = tables.flatMap((table) => [
      finding('tenant-update', table, 'the role may update org_id', {
        ...warning,
        remedy: `revoke update on ${table};`,
      }),
      finding('row-security-forced', table, 'not forced', { ...warning, remedy: `alter table ${table} force;` }),
    ])
    expect(paragraphs(...found)[0]?.split('\n')).toEqual([
      'public.t0, public.t1, public.t2, and 297 more: 2 warnings each',
      '  warning  tenant-update',
      '    the role may update org_id',
      '      → revoke update on public.t0;',
      '      → revoke update on public.t1;',
      '      → revoke update on public.t2;',
      '      → and 297 more: --format json lists them',
      '  warning  row-security-forced',
      '    not forced',
      '      → alter table public.t0 force;',
      '      → alter table public.t1 force;',
      '      → alter table public.t2 force;',
      '      → and 297 more: --format json lists them',
    ])
  })

  test('has one paragraph for tables whose findings differ in names made of the table’s', () => {
    const found = ['cars', 'boats'].map((table) =>
      finding('key-without-tenant', `public.${table}`, `public.${table}_pkey is short`),
    )
    const [first, ...rest] = paragraphs(...found)
    expect(first).toStartWith('public.cars, public.boats: 1 error each\n')
    expect(rest).toHaveLength(2)
  })

  test('ends with the number of findings of each check and the path of its page, and a summary', () => {
    const found = [
      finding('policy-text', 'public.a', 'open'),
      finding('policy-text', 'public.b', 'open too'),
      finding('timeout', 'web', 'no limit', warning),
    ]
    expect(paragraphs(...found).slice(-2)).toEqual([
      '2 errors   docs/checks/policy-text.md\n1 warning  docs/checks/timeout.md',
      '2 errors, 1 warning: web on db, inspected in 12 ms',
    ])
  })

  test('without a finding is the summary alone', () => {
    expect(paragraphs()).toEqual(['0 errors, 0 warnings: web on db, inspected in 12 ms'])
  })
})

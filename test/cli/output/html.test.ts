import { describe, expect, test } from 'bun:test'
import { asHtml } from '../../../src/cli/output/html.ts'
import type { Access, Finding, TableAccess } from '../../../src/isolation/index.ts'

const finding = (check: string, object: string, more: Partial<Finding> = {}): Finding => ({
  level: 'error',
  check,
  guarantee: 12,
  object,
  problem: 'a problem',
  remedy: 'drop policy a on b;',
  ...more,
})
const is = (state: Access['state'], why = 'a reason'): Access => ({ state, why })
const sound: Omit<TableAccess, 'table'> = {
  select: is('tried'),
  insert: is('protected'),
  update: is('protected'),
  delete: is('protected'),
}
const page = (findings: Finding[], tables: TableAccess[] = []) =>
  asHtml({ subject: 'web on db', findings, milliseconds: 12, tables })

/** The text of the page's rows of the matrix, without tags. */
const rowsOf = (html: string) =>
  [...html.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row = '']) =>
    row
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  )

describe('a report as HTML', () => {
  test('requests nothing: no script, no image, no other host', () => {
    const html = page([finding('policy-text', 'public.a')], [{ table: 'public.a', ...sound }])
    expect(html).not.toMatch(/<script|<link|<img|\bsrc=|https?:|@import|url\(/)
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
  })

  test('links each check to its part of the page, with the path of its documentation', () => {
    const html = page([
      finding('rows-without-tenant', 'public.a'),
      finding('policy-text', 'public.a'),
      finding('timeout', 'web'),
    ])
    const targets = [...html.matchAll(/href="#([^"]+)"/g)].map(([, target = '']) => target)
    expect(new Set(targets)).toEqual(new Set(['rows-without-tenant', 'policy-text', 'timeout']))
    for (const target of targets) {
      expect(html).toContain(`id="${target}"`)
      expect(html).toContain(`docs/checks/${target}.md`)
    }
  })

  test('has one part for a check with errors and warnings', () => {
    const html = page([finding('policy-text', 'public.a'), finding('policy-text', 'public.b', { level: 'warning' })])
    expect(html.match(/id="policy-text"/g)).toHaveLength(1)
    expect(html).toContain('<small>1 error, 1 warning</small>')
  })

  test('escapes names of the database', () => {
    const name = `public."<script>alert('1')</script>\u202e"`
    const html = page([finding('policy-text', name, { problem: name, remedy: name })], [{ table: name, ...sound }])
    expect(html).not.toContain('<script')
    expect(html).not.toMatch(/\u202e/)
    expect(html).toContain('&lt;script&gt;')
  })

  test('shows the matrix of tables and commands, leaks first and with their reason', () => {
    const html = page(
      [],
      [
        { table: 'public.a', ...sound },
        {
          table: 'public.b',
          ...sound,
          select: is('leaks', 'a query returned rows'),
          delete: is('not proved', 'its policy p'),
        },
      ],
    )
    expect(rowsOf(html)).toEqual([
      '2 relations SELECT INSERT UPDATE DELETE',
      'public.b ✗ leaks a query returned rows ✓ protected ✓ protected ? not proved its policy p',
      'public.a ✓ tried ✓ protected ✓ protected ✓ protected',
    ])
  })

  test('says that there is nothing to report', () => {
    const html = page([], [{ table: 'public.a', ...sound }])
    expect(html).toContain('0 errors, 0 warnings')
    expect(html).toContain('Nothing to report.')
    expect(html).not.toContain('<h2>Findings')
  })

  test('has one article for tables with the same findings, with every remedy', () => {
    const tables = ['cars', 'boats', 'ships']
    const html = page(
      tables.map((table) => finding('policy-text', `public.${table}`, { remedy: `drop policy p on ${table};` })),
    )
    expect(html).toContain('public.cars and 2 more')
    for (const table of tables) expect(html).toContain(`drop policy p on ${table};`)
  })
})

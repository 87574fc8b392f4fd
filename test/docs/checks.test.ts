import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { checkPath, sectionOf, sections } from './check-page.ts'
import { allChecks } from './tables.ts'

const root = join(import.meta.dir, '../..')
const ids = allChecks.map(({ check }) => check)
const linesOf = (text: string) => text.split('\n').length

test('each check has its own id', () => {
  expect(ids).toEqual([...new Set(ids)])
})

test('each page in docs/checks belongs to a check', () => {
  const pages = [...new Bun.Glob('docs/checks/*').scanSync(root)]
  expect(pages.toSorted()).toEqual([...ids.map(checkPath), 'docs/checks/README.md'].toSorted())
})

test.each(ids)('the page of %s has a text in every section and fits on a screen', async (id) => {
  const page = await Bun.file(join(root, checkPath(id))).text()
  for (const title of sections) expect([title, sectionOf(page, title)]).not.toEqual([title, ''])
  expect(linesOf(page)).toBeLessThan(70)
})

test('each id that the command line reports is declared', async () => {
  const files = [...new Bun.Glob('src/cli/**/*.ts').scanSync(root)]
  const sources = await Promise.all(files.map((file) => Bun.file(join(root, file)).text()))
  const reported = sources.flatMap((text) =>
    [...text.matchAll(/\b(?:check: |found\()'([a-z-]+)'/g)].map(([, id]) => id),
  )
  expect(reported).toContain('schema-differs')
  expect(reported).toContain('tenant-type')
  expect(reported.filter((id) => !ids.includes(id ?? ''))).toEqual([])
})

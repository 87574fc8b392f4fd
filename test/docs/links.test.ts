import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = join(import.meta.dir, '../..')
// Two globs, because a brace pattern with a slash matches nothing in Bun.
const pages = ['*.md', 'docs/**/*.md'].flatMap((glob) => [...new Bun.Glob(glob).scanSync(root)])

test('every link to a file has an existing target', async () => {
  expect(pages).toContain('README.md')
  expect(pages).toContain('docs/add-a-resource.md')
  const missing: string[] = []
  for (const page of pages) {
    const text = await Bun.file(join(root, page)).text()
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g))
      if (!existsSync(join(root, dirname(page), target))) missing.push(`${page} → ${target}`)
  }
  expect(missing).toEqual([])
})

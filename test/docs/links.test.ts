import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = join(import.meta.dir, '../..')
// Two globs: Bun's braces match nothing across folders.
const pages = ['*.md', 'docs/**/*.md'].flatMap((glob) => [...new Bun.Glob(glob).scanSync(root)])

test('every file that the docs name is there', async () => {
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

test('the README lists every setting, with its default', async () => {
  const { loadConfig } = await import('../../src/service/config/config.ts')
  const readme = await Bun.file(join(root, 'README.md')).text()
  const { DATABASE_URL: _, PORT: ___, HOST: ____, ...settings } = loadConfig({ DATABASE_URL: 'postgres://x' })
  for (const [name, preset] of Object.entries(settings))
    expect(readme).toMatch(new RegExp(`\\| \`${name}\` \\| \`?${preset}\`? \\|`))
})

test('the README and .env.example name every setting', async () => {
  const texts = await Promise.all(
    ['src/service/config/config.ts', 'src/service/config/auth-settings.ts', 'README.md', '.env.example'].map((path) =>
      Bun.file(join(root, path)).text(),
    ),
  )
  const [config = '', auth = '', ...documents] = texts
  const names = [...`${config}${auth}`.matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name = '']) => name)
  expect(names.length).toBeGreaterThan(30)
  for (const document of documents) expect(names.filter((name) => !document.includes(name))).toEqual([])
})

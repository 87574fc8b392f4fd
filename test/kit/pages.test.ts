import { expect, test } from 'bun:test'
import { dirname, join, normalize } from 'node:path'
import { type Page, readPages, withLinksInside } from '../../package/pages.ts'

const root = join(import.meta.dir, '../..')
const pages = new Map((await readPages(root)).map((page) => [page.path, page]))

/** The anchors of a page, as GitHub and npm make them from its headings. */
const anchorsOf = ({ text }: Page): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

test('every link of a page leads to a file of the package, and to a heading of it', () => {
  const broken: string[] = []
  for (const { path, text } of pages.values())
    for (const [, target = ''] of text.matchAll(/\]\((?![a-z]+:)([^()\s]+)\)/g)) {
      const [file = '', anchor] = target.split('#')
      const page = pages.get(file === '' ? path : normalize(join(dirname(path), file)))
      if (!page || (anchor !== undefined && !anchorsOf(page).includes(anchor))) broken.push(`${path} → ${target}`)
    }
  expect(pages.size).toBeGreaterThan(100)
  expect(broken).toEqual([])
})

test('no page of the service or of the work on this repository is in the package', () => {
  const outside = ['docs/configuration.md', 'docs/going-to-production.md', 'docs/mutations.md', 'CONTRIBUTING.md']
  expect(outside.filter((path) => pages.has(path))).toEqual([])
})

test('links to other files leave their words, and remarks of such links disappear', () => {
  const places = new Map([
    ['docs/a.md', 'docs/a.md'],
    ['package/README.md', 'README.md'],
  ])
  const text = (given: string, source = 'docs/a.md') => withLinksInside(given, source, places)
  expect(text('It holds ([test](../test/a.ts)).')).toBe('It holds.')
  expect(text('It holds ([test](../test/a.ts), [why](a.md#b)).')).toBe('It holds ([why](a.md#b)).')
  expect(text('[A test](../test/a.ts) proves it.')).toBe('A test proves it.')
  expect(text('See [Hono](https://hono.dev) and [above](#x).')).toBe('See [Hono](https://hono.dev) and [above](#x).')
  expect(text('[A](../docs/a.md#b)', 'package/README.md')).toBe('[A](docs/a.md#b)')
})

import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { manifest } from '../../package/manifest.ts'

const root = join(import.meta.dir, '../..')
const textOf = (path: string) => Bun.file(join(root, path)).text()

// Two globs, because a brace pattern with a slash matches nothing in Bun.
const pages = ['package/*.md', '*.md', 'docs/**/*.md'].flatMap((glob) => [...new Bun.Glob(glob).scanSync(root)])

/** Pages for a project that has installed the package: a clone of this repository has no use for their commands. */
const ofProjects = ['docs/use-the-kit.md', 'docs/upgrading.md', 'docs/checks/sql-version.md', 'package/README.md']
/** Here the command stands for the installed kit of an example. */
const ofExamples = ['CONTRIBUTING.md', 'docs/audit-walk.md']

test('a page with the command of an installed package names that of a clone, in which bunx asks a registry', async () => {
  const texts = await Promise.all(pages.map(async (page) => [page, await textOf(page)] as const))
  const installed = texts.filter(([, text]) => /\b(?:bunx|npx) rowhouse\b/.test(text))
  expect(installed.map(([page]) => page)).toContain('docs/worker.md')
  const without = installed.filter(
    ([, text]) => !text.includes('`bun run rowhouse') && !text.includes('\nbun run rowhouse'),
  )
  expect(without.map(([page]) => page).filter((page) => ![...ofProjects, ...ofExamples].includes(page))).toEqual([])
})

test('a page that builds the package installs the packages for development first', async () => {
  const texts = await Promise.all(pages.map(async (page) => [page, await textOf(page)] as const))
  const building = texts.filter(([, text]) => text.includes('build:package') && text.includes('npm pack'))
  expect(building.map(([page]) => page).toSorted()).toEqual(['README.md', 'docs/use-the-kit.md', 'package/README.md'])
  for (const [page, text] of building)
    expect([
      page,
      text.indexOf('bun install') >= 0 && text.indexOf('bun install') < text.indexOf('build:package'),
    ]).toEqual([...[page, true]])
})

test('the install step of docs/use-the-kit.md names every package that the kit takes from the application', async () => {
  const [, step = ''] = /\n## 1\. Install\n([\s\S]*?)\n## 2\./.exec(await textOf('docs/use-the-kit.md')) ?? []
  expect(Object.keys(manifest.peerDependencies).filter((name) => !step.includes(name))).toEqual([])
})

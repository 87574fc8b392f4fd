import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { manifest, socketServer } from '../../package/manifest.ts'
import project from '../../package.json' with { type: 'json' }

const root = join(import.meta.dir, '../..')
// `text` has no entry of its own: the others import it.
const entries = Object.values(project.exports).map((source) => /^\.\/src\/(\w+)\/index\.ts$/.exec(source)?.[1])
const kitFolders = ['text', ...entries.filter((folder) => folder !== undefined)]
const optional = Object.keys(manifest.peerDependenciesMeta)
const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })

/** The modules that the package contains, without the program of the demo. */
const isPackaged = (path: string): boolean =>
  path === 'src/index.ts' ||
  kitFolders.some((folder) => path.startsWith(`src/${folder}/`)) ||
  (path.startsWith('src/cli/') && !['src/cli/seed.ts', 'src/cli/output/progress-bar.ts'].includes(path))
const paths = [...new Bun.Glob('src/**/*.ts').scanSync(root)].filter(isPackaged)
const sources = await Promise.all(paths.map((path) => Bun.file(join(root, path)).text()))

/** The packages that sources import when they are loaded, and those that they import later or as types. */
function packagesIn(pattern: RegExp): Set<string> {
  const names = sources.flatMap((source) => [...source.matchAll(pattern)].map(([, name = '']) => name))
  const packages = names.filter((name) => !/^(\.|node:|rowhouse|bun)/.test(name))
  return new Set(
    packages.map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    ),
  )
}
const loaded = packagesIn(/^(?:import|export) (?!type )[^'"]*? from '([^']+)'/gm)
const typed = packagesIn(/^import type [^'"]*? from '([^']+)'/gm)
const later = packagesIn(/import\('([^']+)'\)/g)

describe('the manifest of the package', () => {
  test('names every package that the kit and the command import', () => {
    const known = [...declared, socketServer, 'sarif'] // a copy is in the package; types of the command alone
    expect([...loaded, ...typed, ...later].filter((name) => !known.includes(name))).toEqual([])
  })

  test('names no package that nothing imports', () => {
    const used = new Set([...loaded, ...typed, ...later])
    const loadedByPath = ['swagger-ui-dist', 'jiti', 'commander'] // commander is a peer of @commander-js/extra-typings
    expect(declared.filter((name) => !used.has(name) && !loadedByPath.includes(name))).toEqual([])
  })

  test('lets an optional package be imported only when it is used', () => {
    expect(optional.filter((name) => loaded.has(name))).toEqual([])
  })

  test('has ranges that contain the version of this repository', () => {
    const own: Record<string, string> = { ...project.dependencies, ...project.devDependencies }
    const ranges = { ...manifest.dependencies, ...manifest.peerDependencies }
    for (const [name, range] of Object.entries(ranges))
      expect([name, Bun.semver.satisfies(own[name] ?? '', range)]).toEqual([name, true])
  })

  test.each(['1.0.0-beta.22', '1.0.0-rc.1', '1.0.0-rc.5-ab785fc', '1.0.0'])('keeps drizzle-orm %s out', (version) => {
    expect(Bun.semver.satisfies(version, manifest.peerDependencies['drizzle-orm'] ?? '')).toBe(false)
  })

  test('is shown in the README of the package', async () => {
    const readme = await Bun.file(join(root, 'package/README.md')).text()
    const rows = [...readme.matchAll(/^\| (`[^|]+) \| ([^|]+) \|/gm)].flatMap(([, names = '', ranges = '']) => {
      const all = ranges.split(', ')
      return names.split(', ').map((name, index) => [name.replaceAll('`', ''), all[index]])
    })
    expect(Object.fromEntries(rows)).toEqual(manifest.peerDependencies)
  })
})

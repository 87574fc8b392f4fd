import { expect, test } from 'bun:test'
import { join } from 'node:path'

const root = join(import.meta.dir, '../..')
const paths = [...new Bun.Glob('src/**/*.ts').scanSync(root)].toSorted()

/** The names that a source imports from packages: those of the runtime (`node:…`) exist once. */
function importedFromPackages(source: string): Set<string> {
  const imports = [...source.matchAll(/^import (?:type )?([^'"]+?) from '(?!\.|node:)[^']+'/gm)]
  return new Set(
    imports.flatMap(([, names = '']) => [...names.matchAll(/(\w+)\s*(?=,|}|$)/g)].map(([, name = '']) => name)),
  )
}

/** Each `instanceof` whose class comes from a package. */
function comparesWithPackages(source: string): string[] {
  const names = importedFromPackages(source)
  return [...source.matchAll(/instanceof\s+((\w+)(?:\.\w+)*)/g)]
    .filter(([, , name = '']) => names.has(name))
    .map(([, type = '']) => type)
}

test('a class of a package is recognised by its brand or shape, never by instanceof: a project can have two copies', async () => {
  const found: string[] = []
  for (const path of paths) {
    // The command line has its own commander, which no project hands to it.
    const source = (await Bun.file(join(root, path)).text()).replaceAll(/instanceof CommanderError/g, '')
    found.push(...comparesWithPackages(source).map((type) => `${path}: instanceof ${type}`))
  }
  expect(paths.length).toBeGreaterThan(100)
  expect(found).toEqual([])
})

test('the rule sees default imports, namespaces, renamed names and classes in objects', () => {
  const source = `import pg from 'pg'
import * as jose from 'jose'
import { type Context, HTTPException as Thrown, z } from 'hono'
import { ApiError } from '../errors/index.ts'
import { Readable } from 'node:stream'
a instanceof pg.DatabaseError; a instanceof jose.errors.JOSEError; a instanceof Thrown; a instanceof z.ZodError
a instanceof ApiError; a instanceof Readable; a instanceof Error`
  expect(comparesWithPackages(source)).toEqual(['pg.DatabaseError', 'jose.errors.JOSEError', 'Thrown', 'z.ZodError'])
})

import { expect, test } from 'bun:test'
import { join } from 'node:path'

const root = join(import.meta.dir, '../..')
const files = [...new Bun.Glob('{src,db,bench}/**/*.ts').scanSync(root), 'README.md'].toSorted()

/** The places where async work of `db.read` or `db.write` awaits nothing, as "file: the work". */
function needlesslyAsync(file: string, source: string): string[] {
  return [...source.matchAll(/\.(?:read|write)\((?=[^()]*async \([^)]*\) =>)/g)]
    .map(({ index, 0: call }) => argumentsAt(source, index + call.length))
    .filter((work) => !/\bawait\b/.test(work))
    .map((work) => `${file}: ${work}`)
}

/** The text up to the parenthesis that closes the call. */
function argumentsAt(source: string, start: number): string {
  let depth = 1
  let end = start
  for (; depth > 0 && end < source.length; end += 1) depth += { '(': 1, ')': -1 }[source[end] ?? ''] ?? 0
  return source.slice(start, end - 1)
}

test('work of db.read and db.write is async only where it awaits: a query that async work returns costs a write one round trip more', async () => {
  const found = await Promise.all(
    files.map(async (file) => needlesslyAsync(file, await Bun.file(join(root, file)).text())),
  )
  expect(found.flat()).toEqual([])
})

test('the rule finds async work that awaits nothing', () => {
  expect(needlesslyAsync('a.ts', 'await db.write(async (tx) => insertTask(tx, { title: f(1) }))')).toHaveLength(1)
  expect(needlesslyAsync('a.ts', 'admin.read({ reason }, async (tx) => {\n  return tx.$count(tasks)\n})')).toHaveLength(
    1,
  )
  expect(needlesslyAsync('a.ts', 'db.write(async (tx) => { await insertTask(tx) })')).toEqual([])
  expect(needlesslyAsync('a.ts', 'db.write((tx) => insertTask(tx)); later(async () => {})')).toEqual([])
})

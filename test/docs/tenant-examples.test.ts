import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { planInit } from '../../src/cli/commands/init.ts'
import { loadRowhouseConfig } from '../../src/cli/config.ts'

// Guarantee G32: nobody copies a tenant() without auth from an example.

const root = join(import.meta.dir, '../..')

/** The options of each `tenant({ … })` in a text. */
function optionsIn(text: string): string[] {
  return [...text.matchAll(/\btenant\(\{/g)].map(({ index }) => {
    const start = index + 'tenant('.length
    let depth = 0
    for (let end = start; end < text.length; end += 1) {
      depth += { '{': 1, '}': -1 }[text[end] ?? ''] ?? 0
      if (depth === 0) return text.slice(start, end + 1)
    }
    return text.slice(start)
  })
}
const namesAuth = (options: string): boolean => /\bauth(?=[:,\s}])/.test(options)

async function textsOf(pattern: string): Promise<[string, string][]> {
  const files = [...new Bun.Glob(pattern).scanSync(root)].toSorted()
  return await Promise.all(
    files.map(async (file): Promise<[string, string]> => [file, await Bun.file(join(root, file)).text()]),
  )
}

async function printedByInit(): Promise<[string, string][]> {
  const { files, setUp } = await planInit(await loadRowhouseConfig({}, root))
  return [['the next steps', setUp], ...files.map(({ path, text }): [string, string] => [path, text])]
}

describe('each tenant({ … }) names auth', () => {
  test.each<[string, () => Promise<[string, string][]>, number]>([
    ['README.md', () => textsOf('README.md'), 1],
    ['the pages of docs', () => textsOf('docs/**/*.md'), 1],
    ['src, its docstrings included', () => textsOf('src/**/*.ts'), 10],
    ['what rowhouse init writes and prints', printedByInit, 1],
  ])('in %s', async (_, read, atLeast) => {
    const found = (await read()).flatMap(([file, text]) => optionsIn(text).map((options) => ({ file, options })))
    expect(found.length).toBeGreaterThanOrEqual(atLeast)
    expect(found.filter(({ options }) => !namesAuth(options))).toEqual([])
  })

  test('and the search finds one that does not', () => {
    const text = `app.use(tenant({ from: header('A'), author: {} }))\ntenant({ from: path({ parameter: 'a' }), auth })`
    expect(optionsIn(text).map(namesAuth)).toEqual([false, true])
  })
})

import { expect, test } from 'bun:test'
import { join } from 'node:path'

const root = join(import.meta.dir, '../..')
const security = await Bun.file(join(root, 'SECURITY.md')).text()
const injection = security.slice(security.indexOf('## SQL injection'), security.indexOf('## Across tenants'))
const rows = injection.split('\n').filter((line) => line.startsWith('| ') && !line.endsWith('| test |'))

test('each line of the tables on injection names its test, or says that there is none', () => {
  expect(rows.length).toBeGreaterThan(8)
  const unnamed = rows.filter(
    (row) => !/\]\(test\/[\w/.-]+\): ".*"[\w ]* \|$/.test(row) && !row.endsWith('| not yet, no test |'),
  )
  expect(unnamed).toEqual([])
})

test('each title that SECURITY.md quotes is the title of a test in the file that it links', async () => {
  const missing: string[] = []
  for (const [, file = '', quoted = ''] of injection.matchAll(/\]\((test\/[\w/.-]+)\): ((?:"[^"]+"(?:, )?)+)/g)) {
    const source = await Bun.file(join(root, file)).text()
    for (const [, title = ''] of quoted.matchAll(/"([^"]+)"/g))
      if (!source.includes(title)) missing.push(`${file}: ${title}`)
  }
  expect(missing).toEqual([])
})

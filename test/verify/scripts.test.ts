import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import manifest from '../../package.json'

const root = join(import.meta.dir, '../..')
const deepConfig = '--config=test/deep/bunfig.toml'

/** The scripts that run named test files, with those files. */
const scripts = Object.entries(manifest.scripts).flatMap(([name, command]) => {
  const paths = command.includes('bun test ') ? (command.match(/\btest\/\S+\.test\.ts\b/g) ?? []) : []
  return paths.map((path) => ({ name, command, path }))
})

test.each(scripts)('the script $name finds its test file $path', ({ command, path }) => {
  expect(existsSync(join(root, path))).toBe(true)
  // bunfig.toml ignores test/deep.
  expect(command.includes(deepConfig)).toBe(path.startsWith('test/deep/'))
})

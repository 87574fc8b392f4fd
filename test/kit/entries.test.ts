import { expect, test } from 'bun:test'
import project from '../../package.json'
import compiled from '../../tsconfig.kit.json'

// An entry that src/index.ts does not export would be missing in the package: tsc compiles what is named here, and what that imports.
test('every entry of the package is compiled into it', () => {
  const sources = Object.values(project.exports).map((path) => path.replace('./', ''))
  expect(compiled.include.toSorted()).toEqual(sources.toSorted())
})

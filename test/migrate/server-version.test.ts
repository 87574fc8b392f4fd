import { expect, test } from 'bun:test'
import { isTooOld } from '../../src/migrate/server-version.ts'

test.each([
  ['9.6.24', true],
  ['14.23 (Debian 14.23-1.pgdg12+1)', true],
  ['15.0', false],
  ['18.4', false],
  ['19devel', false],
])('PostgreSQL %s is too old: %p', (version, expected) => {
  expect(isTooOld(version)).toBe(expected)
})

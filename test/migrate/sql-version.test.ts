import { expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { sqlVersion } from '../../src/isolation/index.ts'
import { readSqlVersion, readText, shippedFiles } from '../../src/migrate/index.ts'
import { olderVersions } from './older-projects.ts'

const folder = join(import.meta.dir, '../../sql')

test('the version of the SQL is the same in the code and in sql/39-version.sql', async () => {
  expect(await readSqlVersion(folder)).toBe(sqlVersion)
})

test('every older version of the SQL is kept for tests', () => {
  expect(olderVersions).toEqual(Array.from({ length: sqlVersion - 1 }, (_, index) => index + 1))
})

// After a change of sql/, write the hash of the failure here. If a release had the version, raise the number first, in
// src/isolation/checks/sql-version.ts and sql/39-version.sql, and keep the files of the release as test/migrate/version-N.
test('a change of a file of sql/ that was released gives the SQL a new version', async () => {
  const texts = await Promise.all(shippedFiles.map((name) => readText(join(folder, name))))
  const hash = createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 16)
  expect([sqlVersion, hash]).toEqual([2, '8325b652b378b352'])
})

import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openEmbedded } from '../../db/embedded.ts'
import { temporaryFolder } from '../runtime/child.ts'

setDefaultTimeout(60_000)

const problemOf = (folder: string) =>
  openEmbedded(folder).then(
    ({ close }) => close().then(() => 'none'),
    (error: Error) => error.message,
  )

test('a file where the folder should be is reported with its path and a remedy', async () => {
  using parent = temporaryFolder()
  const folder = join(parent.path, '.rowhouse')
  writeFileSync(folder, '')
  expect(await problemOf(folder)).toBe(
    `Cannot open the database in ${folder}: a file has its name. Delete or rename the file.`,
  )
})

test('data that PGlite cannot read is reported with the folder, and stays', async () => {
  using folder = temporaryFolder()
  const data = join(folder.path, 'postgres')
  mkdirSync(data)
  writeFileSync(join(data, 'PG_VERSION'), '9\n')
  const problem = await problemOf(folder.path)
  expect(problem).toStartWith(`Cannot open the database in ${folder.path}: `)
  expect(problem).toEndWith('\nMove the folder away to begin with a new database.')
  expect(existsSync(join(data, 'PG_VERSION'))).toBe(true)
})

import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { seed } from '../../db/seed.ts'
import { createDatabase, open } from '../database.ts'
import { root, startServer } from '../runtime/child.ts'

const readme = await Bun.file(join(root, 'README.md')).text()

/** Returns the code blocks of a language, in order. */
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block)

/** Parses responses, without the fields that differ from run to run. */
const comparable = (lines: string): unknown[] =>
  lines
    .trim()
    .split('\n')
    .map((line) =>
      JSON.parse(line, (key, value) => (/^(requestId|timestamp|createdAt|updatedAt)$/.test(key) ? '…' : value)),
    )

test('has at most a hundred lines', () => {
  expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(100)
})

test('its curl commands print the responses that it shows', async () => {
  const database = await createDatabase()
  await seed(open(database, 1))
  await using server = startServer({ DATABASE_URL: database.appUrl })
  const url = await server.listening()
  const commands = blocks('sh').filter((block) => block.startsWith('curl'))
  const printed = commands.map((command) => {
    const { stdout } = Bun.spawnSync([
      'sh',
      '-c',
      command.replaceAll('http://localhost:3000', url).replaceAll(/$/gm, '; echo'),
    ])
    return comparable(stdout.toString().replaceAll(/\n+/g, '\n'))
  })
  expect(printed).toHaveLength(2)
  expect(printed).toEqual(blocks('json').map(comparable))
})

test('the second example requests a task of the first response as Globex and as Acme', () => {
  const [[list] = [], [foreign, own] = []] = blocks('json').map(comparable) as {
    data?: { id: string }[]
    path: string
  }[][] // as asserted above
  const id = list?.data?.[0]?.id
  expect(foreign).toMatchObject({ statusCode: 404, path: `/tasks/${id}` })
  expect(own).toMatchObject({ statusCode: 200, path: `/tasks/${id}`, data: { id } })
})

test('each of its five guarantees links to a test', () => {
  const [, section = ''] = /## Five guarantees\n(.*?)\n## /s.exec(readme) ?? []
  const items = section.split('\n').filter((line) => line.startsWith('- '))
  expect(items).toHaveLength(5)
  expect(items.filter((item) => !item.includes('](test/'))).toEqual([])
})

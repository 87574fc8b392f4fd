import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { buffered } from '../../src/runtime/log.ts'
import { testClient } from '../../src/testing/index.ts'
import { fixtures } from '../app.ts'
import { main } from '../database.ts'
import { newTenant } from '../tenants.ts'
import { buildForNode, root, runtimes, start, until } from './child.ts'

setDefaultTimeout(60_000)
beforeAll(buildForNode)

describe.each(runtimes)('the log on $name without a terminal', ({ start }) => {
  test('has one JSON line for each request, and only JSON lines', async () => {
    await using service = start({ DATABASE_URL: main.appUrl })
    const { anonymous } = testClient(await service.listening())
    for (const path of ['/health', '/tasks', '/nowhere']) await anonymous.get(path)
    const requests = await until(() => {
      const lines = service.log().filter(({ msg }) => msg === 'request')
      return lines.length === 3 && lines
    })
    expect(requests.map(({ status }) => status)).toEqual([200, 403, 404])
    expect(service.stdout.trimEnd().split('\n')).toHaveLength(service.log().length)
    expect(service.stderr).toBe('')
  })

  test('has the tenant and the route of a request, and no value that it sent', async () => {
    await using service = start({ DATABASE_URL: main.appUrl })
    const tenant = newTenant()
    const client = testClient(await service.listening()).as(tenant)
    const userId = await fixtures.userId(client)
    await client.get(`/users/${userId}?secret=s3cret`)
    const line = await until(() => service.log().find(({ route }) => route === '/users/:id'))
    expect(line).toMatchObject({ level: 30, tenant, method: 'GET', status: 200, client: '127.0.0.1' })
    expect(service.stdout).not.toContain('s3cret')
    expect(service.stdout).not.toContain('rowhouse.example')
    expect(service.stdout).not.toContain(userId)
  })
})

/** Writes lines of these lengths, and returns them with the chunks that were written. */
async function chunksOf(sizes: number[]) {
  const chunks: string[] = []
  const destination = buffered({ write: (chunk) => chunks.push(chunk) })
  const lines = sizes.map((size, index) => `${String(index).padEnd(size - 1, 'é')}\n`)
  for (const line of lines) destination.write(line)
  const atOnce = chunks.length
  await until(() => chunks.join('') === lines.join(''))
  return { lines, chunks, atOnce }
}

describe('lines that are written together', () => {
  test('form one chunk', async () => {
    const { lines, chunks, atOnce } = await chunksOf([20, 20, 20])
    expect([atOnce, chunks]).toEqual([0, [lines.join('')]])
  })

  test('form chunks that the system writes at once, with complete lines in order', async () => {
    const { lines, chunks } = await chunksOf(Array(100).fill(150))
    expect(chunks.join('')).toBe(lines.join(''))
    expect(chunks.filter((chunk) => Buffer.byteLength(chunk) > 4096 || !chunk.endsWith('\n'))).toEqual([])
  })

  test('form their own chunk when they are longer than one', async () => {
    const { lines, chunks } = await chunksOf([20, 5000, 20])
    expect(chunks).toEqual(lines)
  })

  test.each(['process.exit(3)', "throw new Error('s3cret')"])('are not lost by %s', async (end) => {
    const script = `
      import { createLog } from '${join(root, 'src/runtime/log.ts')}'
      const log = await createLog('info')
      log.info({ code: 'LAST' }, 'the end')
      ${end}`
    await using child = start([process.execPath, '-e', script])
    expect(await child.exited).not.toBe(0)
    expect(child.log()).toMatchObject([{ code: 'LAST', msg: 'the end' }])
  })
})

import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { main } from '../database.ts'
import { root, start, until } from './child.ts'

test('logs the kind of an unhandled rejection, and goes on serving', async () => {
  const script = `
    import { serve } from '${join(root, 'src/runtime/process.ts')}'
    import { listen } from '${join(root, 'src/runtime/bun.ts')}'
    await serve(listen)
    void Promise.reject(new RangeError('a secret'))`
  await using service = start([process.execPath, '-e', script], { DATABASE_URL: main.appUrl, PORT: '0' })
  const url = await service.listening()
  const [line] = await until(async () => {
    const lines = service.log().filter(({ msg }) => msg === 'unhandled rejection')
    return lines.length > 0 && lines
  })
  expect(line).toMatchObject({ name: 'RangeError' })
  expect(JSON.stringify(service.log())).not.toContain('a secret')
  expect((await fetch(`${url}/health`)).status).toBe(200)
})

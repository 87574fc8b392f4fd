import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { main } from '../database.ts'
import { root, start, until } from './child.ts'

test('a guarantee that a handler left behind is logged by its kind, and the service goes on', async () => {
  const script = `
    import { runService } from '${join(root, 'src/runtime/process.ts')}'
    import { listen } from '${join(root, 'src/runtime/bun.ts')}'
    await runService(listen)
    void Promise.reject(new RangeError('a secret'))`
  await using service = start([process.execPath, '-e', script], { DATABASE_URL: main.appUrl, PORT: '0' })
  const url = await service.listening()
  const [line] = await until(async () => {
    const lines = service.log().filter(({ msg }) => msg === 'a rejection was not handled')
    return lines.length > 0 && lines
  })
  expect(line).toMatchObject({ name: 'RangeError' })
  expect(JSON.stringify(service.log())).not.toContain('a secret')
  expect((await fetch(`${url}/health`)).status).toBe(200)
})

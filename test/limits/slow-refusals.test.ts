import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { type SlowRefusalsOptions, slowRefusals } from '../../src/limits/index.ts'

/** Sends requests in this order, and returns their paths in the order of their responses. */
async function order(options: SlowRefusalsOptions, paths: string[]): Promise<string[]> {
  const app = new Hono()
  app.use(slowRefusals(options))
  app.get('/ok', (c) => c.text('done'))
  app.get('/refused/:name', (c) => c.text('refused', 429))
  app.get('/closed', (c) => c.text('refused', 429, { Connection: 'close' }))
  const answered: string[] = []
  const all = paths.map(async (path) => {
    const response = await app.request(path)
    answered.push(`${path} ${response.status} ${response.headers.get('Connection') ?? 'kept'}`)
  })
  await Promise.all(all)
  return answered
}

describe('slowRefusals()', () => {
  test('sends a 429 after responses to later requests', async () => {
    expect(await order({ delayMs: 20 }, ['/refused/1', '/ok'])).toEqual(['/ok 200 kept', '/refused/1 429 kept'])
  })

  test('closes the connection of a 429 at once when too many wait', async () => {
    expect(await order({ delayMs: 20, waitingMax: 1 }, ['/refused/1', '/refused/2'])).toEqual([
      '/refused/2 429 close',
      '/refused/1 429 kept',
    ])
  })

  test('does not hold back a 429 that closes its connection', async () => {
    expect(await order({ delayMs: 20 }, ['/refused/1', '/closed'])).toEqual([
      '/closed 429 close',
      '/refused/1 429 kept',
    ])
  })

  test.each([{ delayMs: -1 }, { waitingMax: 0.5 }])('refuses %p', (options) => {
    expect(() => slowRefusals(options)).toThrow(TypeError)
  })
})

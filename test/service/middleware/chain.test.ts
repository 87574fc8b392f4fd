import { describe, expect, test } from 'bun:test'
import { Hono, type MiddlewareHandler } from 'hono'
import { chain } from '../../../src/service/middleware/chain.ts'

/** An app with this middleware; `log` lists what ran. */
function build(create: (log: string[]) => MiddlewareHandler) {
  const log: string[] = []
  const app = new Hono()
  app.onError((error, c) => c.text(error.message, 500))
  app.use(async (c, next) => {
    await next()
    log.push(`saw ${c.res.status}`)
  })
  app.use(create(log))
  app.get('/', (c) => c.text('done'))
  app.get('/failing', () => {
    throw new Error('The handler failed')
  })
  return { app, log }
}

const step =
  (name: string, log: string[]): MiddlewareHandler =>
  async (_, next) => {
    log.push(`${name} begins`)
    try {
      await next()
    } finally {
      log.push(`${name} ends`)
    }
  }

const refuse: MiddlewareHandler = () => {
  throw new Error('refused')
}

describe('a chain of middleware', () => {
  test('runs in order, around the handler', async () => {
    const { app, log } = build((log) => chain(step('one', log), step('two', log), step('three', log)))
    expect(await (await app.request('/')).text()).toBe('done')
    expect(log).toEqual(['one begins', 'two begins', 'three begins', 'three ends', 'two ends', 'one ends', 'saw 200'])
  })

  test('ends in order when one of it refuses the request, and middleware before it sees the response', async () => {
    const { app, log } = build((log) => chain(step('one', log), refuse, step('two', log)))
    expect(await (await app.request('/')).text()).toBe('refused')
    expect(log).toEqual(['one begins', 'one ends', 'saw 500'])
  })

  test('sees the response of a handler that failed', async () => {
    const status: MiddlewareHandler = async (c, next) => {
      await next()
      c.header('X-Seen', String(c.res.status))
    }
    const { app } = build(() => chain(status, (_, next) => next()))
    expect((await app.request('/failing')).headers.get('X-Seen')).toBe('500')
  })
})

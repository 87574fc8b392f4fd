import { describe, expect, test } from 'bun:test'
import { type Context, Hono } from 'hono'
import { type LargeResponseEnv, ok } from '../../src/envelope/index.ts'

const filler = '😀'.repeat(20_000)

/** The body of a list that is sent in slices, and the longest slice. */
async function sent(data: unknown) {
  const app = new Hono<LargeResponseEnv>()
  let longest = 0
  app.get('/', (c: Context<LargeResponseEnv>) => {
    c.set('sendLarge', (_bytes, slices) => {
      const all = [...{ [Symbol.iterator]: () => slices }]
      longest = Math.max(...all.map(({ byteLength }) => byteLength))
      return new Blob(all as Uint8Array<ArrayBuffer>[]).stream() // the encoder's arrays are of this type
    })
    return ok(c, data, { meta: { n: 1 } })
  })
  app.onError((error, c) => c.text(error.name, 500))
  const response = await app.request('/')
  return { status: response.status, text: await response.text(), longest: () => longest }
}

const replaced = (text: string) =>
  text.replace(/"requestId":"[^"]*"/, '"requestId":""').replace(/"timestamp":"[^"]*","path"/, '"timestamp":"","path"')
const expected = (data: unknown) =>
  JSON.stringify({ success: true, statusCode: 200, requestId: '', data, meta: { n: 1 }, timestamp: '', path: '/' })

describe('a large list', () => {
  test.each([
    ['objects with dates', [{ at: new Date(0), filler }]],
    ['invalid dates', [{ at: new Date(Number.NaN), filler }]],
    ['undefined and functions', [undefined, () => 1, { a: undefined, filler }]],
    ['null and numbers', [null, 1, Number.NaN, filler]],
    ['lists in lists', [[1, [2]], [filler]]],
    ['items with toJSON', [{ toJSON: () => ({ shown: true }) }, filler]],
    ['lone surrogates', ['\ud800', filler]],
    ['many items', Array.from({ length: 500 }, (_, n) => ({ n, text: filler.slice(0, 200) }))],
    ['one text', [filler]],
  ])('of %s is as JSON.stringify writes it', async (_, data) => {
    expect(replaced((await sent(data)).text)).toBe(expected(data))
  })

  test('with a toJSON of its own is as JSON.stringify writes it', async () => {
    const data = Object.assign([filler], { toJSON: () => ({ instead: 1 }) })
    expect(replaced((await sent(data)).text)).toBe(expected(data))
  })

  test('is not changed by what happens to the list afterwards', async () => {
    const data = [filler, 'last']
    const app = new Hono<LargeResponseEnv>()
    app.get('/', (c) => {
      let pending: Iterator<Uint8Array> | undefined
      c.set('sendLarge', (_bytes, slices) => {
        pending = slices
        return new ReadableStream()
      })
      ok(c, data)
      data.pop()
      const all = [...{ [Symbol.iterator]: () => pending as Iterator<Uint8Array> }] // set by `ok`
      return c.body(new Blob(all as Uint8Array<ArrayBuffer>[]).stream()) // the encoder's arrays are of this type
    })
    expect(await (await app.request('/')).text()).toContain('"last"]')
  })

  test('has no slice of more than 64 KB, although one item is larger', async () => {
    const { longest } = await sent(['x'.repeat(500_000)])
    expect(longest()).toBe(65_536)
  })

  test('with a bigint is a failure before anything is sent', async () => {
    expect((await sent([filler, { n: 1n }])).status).toBe(500)
  })
})

import { createErrorHandler } from '../src/errors/index.ts'
import { createRouter } from '../src/openapi/index.ts'
import { taskRoutes } from '../src/service/features/tasks/routes.ts'
import { userRoutes } from '../src/service/features/users/routes.ts'

// Prints as JSON, for each hostile body of 128 KiB, the milliseconds from its last byte until a route has rejected it: the median of 25
// requests, on the slower one of two routes.

const size = 128 * 1024
const requests = 25

/** Repeats a unit between head and tail to the full size. */
function fill(head: string, unit: string | ((index: number) => string), tail: string): string {
  const parts = [head]
  for (let [index, left] = [0, size - head.length - tail.length]; ; index += 1) {
    const next = typeof unit === 'string' ? unit : unit(index)
    left -= next.length
    if (left < 0) return parts.join('') + tail
    parts.push(next)
  }
}

const bodies: Record<string, string> = {
  'brackets alone': '['.repeat(size),
  'a field of nested arrays': `{"email":${'['.repeat(60_000)}${']'.repeat(60_000)}}`,
  'empty arrays': fill('[', '[],', '0]'),
  'unknown keys that are numbers': fill('{', (index) => `"${(index * 7919) % 1_000_003}":0,`, '"z":0}'),
  'unknown keys that are text': fill('{', (index) => `"k${index}":0,`, '"z":0}'),
  'one unknown key, repeated': fill('{', '"a":0,', '"a":0}'),
  '__proto__, repeated': fill('{', '"__proto__":{},', '"z":0}'),
  'a number of 100,000 digits': `{"name":${'9'.repeat(100_000)}}`,
  'numbers beyond the largest': fill('[', '1e400,', '0]'),
  'an email of dots': fill('{"name":"a","email":"a@', 'a.', '"}'),
  'an email of letters': fill('{"name":"a","email":"', 'a', '"}'),
  'an id of hex digits': fill('{"title":"a","userId":"', 'a', '"}'),
  'a name of spaces': fill('{"name":"', ' ', '"}'),
  'a name of escapes': fill('{"name":"', '\\n', '"}'),
  'a name of half surrogates': fill('{"name":"', '\\ud800', '"}'),
}

let milliseconds = 0
const db = {} as Parameters<typeof userRoutes>[0]['db'] // no request comes as far as the database
const app = createRouter()
app.onError(createErrorHandler())
app.use(async (c, next) => {
  await c.req.arrayBuffer() // as the service has read the body before
  const start = performance.now()
  await next()
  milliseconds = performance.now() - start
})
app.route('/users', userRoutes({ db })).route('/tasks', taskRoutes({ db }))

async function millisecondsOf(path: string, body: string): Promise<number> {
  const { status } = await app.request(path, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } })
  if (status !== 400) throw new Error(`The body was answered with ${status}`)
  return milliseconds
}

async function median(path: string, body: string): Promise<number> {
  const times: number[] = []
  for (let request = 0; request < requests; request += 1) times.push(await millisecondsOf(path, body))
  return times.toSorted((a, b) => a - b)[Math.floor(requests / 2)] ?? Number.NaN
}

const figures: Record<string, number> = {}
for (const [name, body] of Object.entries(bodies))
  figures[name] = Math.max(await median('/users', body), await median('/tasks', body))
process.stdout.write(JSON.stringify(figures))

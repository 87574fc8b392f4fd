import { expect, test } from 'bun:test'
import { RequestTimer } from '../../../src/service/middleware/request-timer.ts'

/** Begins a request on a timer; resolves with its name when it took too long. */
const begin = (timer: RequestTimer, name: string, log: string[]) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const running = timer.start(() => {
    log.push(name)
    resolve()
  })
  return { tookTooLong: promise, end: () => running.end() }
}

test('calls back for each request that takes too long, in the order of their beginning', async () => {
  const [timer, log] = [new RequestTimer(20), [] as string[]]
  const all = ['first', 'second', 'third'].map((name) => begin(timer, name, log))
  await Promise.all(all.map(({ tookTooLong }) => tookTooLong))
  expect(log).toEqual(['first', 'second', 'third'])
})

test('does not call back for a request that has ended', async () => {
  const [timer, log] = [new RequestTimer(20), [] as string[]]
  const [first, second, third, last] = ['first', 'second', 'third', 'last'].map((name) => begin(timer, name, log))
  second?.end()
  first?.end()
  first?.end()
  await Promise.all([third?.tookTooLong, last?.tookTooLong])
  expect(log).toEqual(['third', 'last'])
})

test('calls back once', async () => {
  const [timer, log] = [new RequestTimer(20), [] as string[]]
  const first = begin(timer, 'first', log)
  await first.tookTooLong
  first.end()
  await begin(timer, 'second', log).tookTooLong
  expect(log).toEqual(['first', 'second'])
})

test('runs again for a request that begins after all others have ended', async () => {
  const [timer, log] = [new RequestTimer(20), [] as string[]]
  begin(timer, 'ended', log).end()
  await begin(timer, 'first', log).tookTooLong
  await begin(timer, 'second', log).tookTooLong
  expect(log).toEqual(['first', 'second'])
})

test('does not skip a request whose predecessor ends another one', async () => {
  const [timer, log] = [new RequestTimer(20), [] as string[]]
  const { promise, resolve } = Promise.withResolvers<void>()
  timer.start(() => next.end())
  const next = begin(timer, 'ended by the first', log)
  timer.start(resolve)
  await promise
  expect(log).toEqual([])
})

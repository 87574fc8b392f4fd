import { expect, test } from 'bun:test'
import { compare } from '../../bench/compare.ts'

const pace = { rounds: 2, seconds: 3, warmUpSeconds: 1 }

test('every subject is warmed up once, then measured in each round', async () => {
  const order: string[] = []
  const subject = (name: string) => ({
    name,
    async measure(seconds: number, round: number) {
      order.push(`${name} ${round}: ${seconds} s`)
      return {}
    },
  })
  await compare({ pace, log() {} }, [subject('floor'), subject('rowhouse')])
  expect(order).toEqual([
    'floor 0: 1 s',
    'rowhouse 0: 1 s',
    'floor 1: 3 s',
    'rowhouse 1: 3 s',
    'floor 2: 3 s',
    'rowhouse 2: 3 s',
  ])
})

test('the result has a figure for each round, without the warm-up', async () => {
  const rowhouse = { name: 'rowhouse', measure: async (_: number, round: number) => ({ ms: 10 * round }) }
  const { lines, of } = await compare({ pace, log() {} }, [rowhouse])
  expect(lines).toEqual([{ subject: 'rowhouse', figures: { ms: [10, 20] } }])
  expect(of('rowhouse', 'ms')).toEqual([10, 20])
})

test('reading a figure that was not measured throws', async () => {
  const { of } = await compare({ pace, log() {} }, [])
  expect(() => of('rowhouse', 'ms')).toThrow('ms of rowhouse was not measured')
})

import { afterAll, describe, expect, test } from 'bun:test'
import { createIsolationCheck } from '../../src/isolation/index.ts'
import { migrate } from '../../src/migrate/index.ts'
import { asOwner, createDatabase } from '../database.ts'

/** `broken` makes a hole; `mended` undoes what the next migration would not. */
export interface Sabotage {
  name: string
  broken: string
  mended?: string
  finds: { guarantee: number; object: string; problem: string }
}

/** Does each to a database, and expects the wall check of the serving role to name it. */
export async function testFaults(subject: string, table: Sabotage[]): Promise<void> {
  const database = await createDatabase()
  const owner = asOwner(database)
  const isolation = createIsolationCheck({ url: database.appUrl })
  const findErrors = async () => (await isolation.inspect()).filter(({ level }) => level === 'error')
  afterAll(() => isolation.close())

  describe(`the wall check and ${subject}`, () => {
    test('it finds no error in a whole database', async () => {
      expect(await findErrors()).toEqual([])
    })

    test.each(table)('it names $name', async ({ broken, mended, finds }) => {
      await owner.unsafe(broken)
      const { problem, ...rest } = finds
      try {
        expect(await isolation.inspect()).toContainEqual(
          expect.objectContaining({ ...rest, problem: expect.stringContaining(problem) }),
        )
      } finally {
        if (mended) await owner.unsafe(mended)
        await migrate({ url: database.ownerUrl })
      }
      expect(await findErrors()).toEqual([])
    })
  })
}

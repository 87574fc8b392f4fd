import { afterAll, describe, expect, test } from 'bun:test'
import { createWallCheck } from '../../src/isolation/index.ts'
import { migrate } from '../../src/migrate/index.ts'
import { asOwner, createDatabase } from '../database.ts'

/** `broken` makes a hole; `mended` undoes what the next migration would not. */
export interface Sabotage {
  name: string
  broken: string
  mended?: string
  finds: { promise: number; object: string; problem: string }
}

/** Does each to a database, and expects the wall check of the serving role to name it. */
export async function testSabotage(subject: string, table: Sabotage[]): Promise<void> {
  const database = await createDatabase()
  const owner = asOwner(database)
  const walls = createWallCheck({ url: database.appUrl })
  const findErrors = async () => (await walls.inspect()).filter(({ level }) => level === 'error')
  afterAll(() => walls.close())

  describe(`the wall check and ${subject}`, () => {
    test('it finds no error in a whole database', async () => {
      expect(await findErrors()).toEqual([])
    })

    test.each(table)('it names $name', async ({ broken, mended, finds }) => {
      await owner.unsafe(broken)
      const { problem, ...rest } = finds
      try {
        expect(await walls.inspect()).toContainEqual(
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

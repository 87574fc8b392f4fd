import { describe, expect, test } from 'bun:test'
import { createIsolationCheck, type Finding } from '../../src/isolation/index.ts'
import { migrate } from '../../src/migrate/index.ts'
import { asOwner, createDatabase } from '../database.ts'
import { project } from '../tenants.ts'

/** A fault in a migrated database, and the finding that must name it. */
export interface FaultCase {
  name: string
  sql: string
  /** Undoes what the next migration does not repair. */
  undo?: string
  finds: { guarantee: number; object: string; problem: string }
}

/** Tests that the isolation check reports each fault and accepts the database after the next migration. */
export async function testFaults(subject: string, faults: FaultCase[]): Promise<void> {
  const database = await createDatabase()
  const owner = asOwner(database)
  const findErrors = async () => (await inspect(database.appUrl)).filter(({ level }) => level === 'error')

  describe(`the isolation check of ${subject}`, () => {
    test('finds no error in a migrated database', async () => {
      expect(await findErrors()).toEqual([])
    })

    test.each(faults)('reports $name', async ({ sql, undo, finds }) => {
      await owner.unsafe(sql)
      const { problem, ...rest } = finds
      try {
        expect(await inspect(database.appUrl)).toContainEqual(
          expect.objectContaining({ ...rest, problem: expect.stringContaining(problem) }),
        )
      } finally {
        if (undo) await owner.unsafe(undo)
        await migrate({ ...project, url: database.ownerUrl })
      }
      expect(await findErrors()).toEqual([])
    })
  })
}

/** Each time with a new session: one that began with a fault, such as a preset setting, keeps it. */
async function inspect(url: string): Promise<Finding[]> {
  const isolation = createIsolationCheck({ url })
  try {
    return await isolation.inspect()
  } finally {
    await isolation.close()
  }
}

import { describe, expect, test } from 'bun:test'
import { creationsOf, type Operation } from './operations.ts'
import { rightRequest } from './requests.ts'
import { prepareStage } from './stage.ts'
import { newSender, type Sender, send } from './tenants.ts'

// The properties find nothing in an operation without successful requests, so each operation must have one.

const { target, operations, owner } = await prepareStage()
const creations = creationsOf(operations)
const others = operations.filter((operation) => !creations.includes(operation))

/** Creates two tenants: one with a row of the collection and its references only, and one with a row of every collection. */
async function newTenants(collection?: string) {
  const [a, b] = [newSender(), newSender()]
  // The first creation can be undone: nothing refers to its row.
  const last = collection === '/undo' ? 0 : creations.findIndex((creation) => creation.collection === collection)
  for (const creation of creations.slice(0, last + 1)) await send(target, rightRequest(creation, operations), a, b)
  for (const creation of creations) await send(target, rightRequest(creation, operations), b, a)
  // The worker signs them, with a key that the database has not.
  for (const { tenant } of [a, b]) await owner`select tenancy.store_audit_checkpoint(${tenant}, 1, 'a note')`
  return [a, b] as const
}

describe('the properties send requests to every operation of the document', () => {
  test('that succeed for a tenant with the rows that they need', async () => {
    const expectSuccess = async (operation: Operation, [a, b]: readonly [Sender, Sender]) => {
      const { request, status, body } = await send(target, rightRequest(operation, operations), a, b)
      expect({ request, isSuccess: status < 300, body }).toEqual({ request, isSuccess: true, body })
    }
    const tenants = await newTenants()
    for (const operation of creations) await expectSuccess(operation, tenants)
    for (const operation of others) {
      const [a, b] = await newTenants(operation.collection)
      const removal = operations.find(({ method, path }) => method === 'DELETE' && `${path}/restore` === operation.path)
      if (removal) await expectSuccess(removal, [a, b])
      await expectSuccess(operation, [a, b])
    }
  })

  test('that get 404 with an id of another tenant', async () => {
    const [a, b] = await newTenants()
    for (const operation of operations.filter(({ path }) => path.includes('{id}'))) {
      const foreign = rightRequest(operation, operations, `{foreign ${operation.collection} 0}`)
      const { request, status } = await send(target, foreign, a, b)
      expect({ request, status }).toEqual({ request, status: 404 })
    }
    expect([...a.guessed.values()]).toEqual(expect.arrayContaining([...b.made.values()].map(([first]) => first)))
  })
})

import { describe, expect, test } from 'bun:test'
import { creationsOf, type Operation } from './operations.ts'
import { rightRequest } from './requests.ts'
import { prepareStage } from './stage.ts'
import { newSender, type Sender, send } from './tenants.ts'

// A property that asks nothing finds nothing: an operation that the properties do not know how to ask rightly is red here.

const { target, operations } = await prepareStage()
const creations = creationsOf(operations)
const others = operations.filter((operation) => !creations.includes(operation))

/** A tenant that has one of a collection and what that refers to, but nothing that refers to it; and one that has all. */
async function newTenants(collection?: string) {
  const [a, b] = [newSender(), newSender()]
  const last = creations.findIndex((creation) => creation.collection === collection)
  for (const creation of creations.slice(0, last + 1)) await send(target, rightRequest(creation, operations), a, b)
  for (const creation of creations) await send(target, rightRequest(creation, operations), b, a)
  return [a, b] as const
}

describe('the properties ask every operation of the document', () => {
  test('so that it succeeds for a tenant that has what it takes', async () => {
    const ask = async (operation: Operation, [a, b]: readonly [Sender, Sender]) => {
      const { request, status, body } = await send(target, rightRequest(operation, operations), a, b)
      expect({ request, isSuccess: status < 300, body }).toEqual({ request, isSuccess: true, body })
    }
    const tenants = await newTenants()
    for (const operation of creations) await ask(operation, tenants)
    for (const operation of others) await ask(operation, await newTenants(operation.collection))
  })

  test('and with an id of another tenant, which is nobody’s', async () => {
    const [a, b] = await newTenants()
    for (const operation of operations.filter(({ path }) => path.includes('{id}'))) {
      const foreign = rightRequest(operation, operations, `{foreign ${operation.collection} 0}`)
      const { request, status } = await send(target, foreign, a, b)
      expect({ request, status }).toEqual({ request, status: 404 })
    }
    expect([...a.guessed.values()]).toEqual(expect.arrayContaining([...b.made.values()].flat()))
  })
})

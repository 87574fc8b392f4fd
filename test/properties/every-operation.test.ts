import { describe, expect, test } from 'bun:test'
import { creationsOf } from './operations.ts'
import { rightRequest } from './requests.ts'
import { prepareStage } from './stage.ts'
import { newSender, send } from './tenants.ts'

// A property that asks nothing finds nothing: an operation that the properties do not know how to ask rightly is red here.

const { target, operations } = await prepareStage()
const creations = creationsOf(operations)
// What refers to something goes before it.
const deletions = creations
  .toReversed()
  .flatMap(({ collection }) => operations.filter((one) => one.method === 'DELETE' && one.collection === collection))
const others = operations.filter((operation) => !creations.includes(operation) && !deletions.includes(operation))

/** Two tenants; the second has something of everything. */
async function newTenants() {
  const [a, b] = [newSender(), newSender()]
  for (const creation of creations) await send(target, rightRequest(creation, operations), b, a)
  return [a, b] as const
}

describe('the properties ask every operation of the document', () => {
  test('so that it succeeds for a tenant that has something of everything', async () => {
    const [a, b] = await newTenants()
    for (const operation of [...creations, ...others, ...deletions]) {
      const { request, status, body } = await send(target, rightRequest(operation, operations), a, b)
      expect({ request, isSuccess: status < 300, body }).toEqual({ request, isSuccess: true, body })
    }
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

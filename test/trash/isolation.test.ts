import { expect, test } from 'bun:test'
import { newAcme } from '../service/http/app.ts'
import { anyId } from '../service/http/refusals.ts'
import { trashOf } from './trash.ts'

async function withDeletedTask() {
  const acme = await newAcme()
  expect((await acme.client.delete(`/tasks/${acme.task.id}`)).status).toBe(204)
  return acme
}
const errorOf = ({ status, error }: { status: number; error?: unknown }) => ({ status, error })

test('another tenant sees no row of a trash, by number, by cursor and in the total', async () => {
  await withDeletedTask()
  const { client } = await newAcme()
  for (const query of ['', '&cursor=&count=true', '&sort=title'])
    expect(await client.get(`/tasks?deleted=only${query}`)).toMatchObject({ data: [] })
  expect((await client.get('/tasks?deleted=only')).body).toMatchObject({ meta: { pagination: { total: 0 } } })
})

test('restoring what another tenant has deleted is answered as a random id, and changes nothing', async () => {
  const [a, b] = [await withDeletedTask(), await newAcme()]
  const before = await trashOf(a.tenant)
  const theirs = await b.client.post(`/tasks/${a.task.id}/restore`, undefined)
  expect(errorOf(theirs)).toEqual(errorOf(await b.client.post(`/tasks/${anyId}/restore`, undefined)))
  expect(theirs.status).toBe(404)
  expect(await trashOf(a.tenant)).toEqual(before)
  expect((await a.client.post(`/tasks/${a.task.id}/restore`, undefined)).status).toBe(200)
})

test('deleting for good what another tenant has, or has deleted, is answered as a random id, and changes nothing', async () => {
  const [a, b] = [await newAcme(), await newAcme()]
  const remove = async (id: string) => errorOf(await b.client.delete(`/tasks/${id}?permanent=true`))
  const unknown = await remove(anyId)
  expect(unknown.status).toBe(404)
  expect(await remove(a.task.id)).toEqual(unknown)
  expect((await a.client.get(`/tasks/${a.task.id}`)).status).toBe(200)
  await a.client.delete(`/tasks/${a.task.id}`)
  const before = await trashOf(a.tenant)
  expect(await remove(a.task.id)).toEqual(unknown)
  expect(await trashOf(a.tenant)).toEqual(before)
})

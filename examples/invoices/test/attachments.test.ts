import { expect, test } from 'vitest'
import { uploadBytes } from '../src/features/attachments.ts'
import { app, createInvoice, newTenant, upload } from './app.ts'

test('a file comes back with the same bytes', async () => {
  const as = newTenant()
  const { id } = await createInvoice(as)
  const content = crypto.getRandomValues(new Uint8Array(10_000))
  const { status, data } = await upload(as, id, content, 'Müller & Söhne.pdf')
  expect(status).toBe(201)
  const file = await app.request(`/attachments/${data.id}`, { headers: { 'X-Tenant-Id': as.tenantId } })
  expect(new Uint8Array(await file.arrayBuffer())).toEqual(content)
  expect(file.headers.get('Content-Disposition')).toBe(
    "attachment; filename*=UTF-8''M%C3%BCller%20%26%20S%C3%B6hne.pdf",
  )
})

test('a file that is too large is refused before it is stored', async () => {
  const as = newTenant()
  const { id } = await createInvoice(as)
  expect((await upload(as, id, new Uint8Array(uploadBytes))).status).toBe(413)
})

test("a file cannot be attached to another tenant's invoice", async () => {
  const theirs = await createInvoice(newTenant())
  expect((await upload(newTenant(), theirs.id, 'A scan')).status).toBe(422)
})

import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { z } from 'zod'
import { creationsOf } from './operations.ts'
import { rightRequest } from './requests.ts'
import { timeoutMs, tries } from './settings.ts'
import { prepareStage } from './stage.ts'
import { newSender, type Sender, send } from './tenants.ts'

const { target, operations } = await prepareStage()
const creations = creationsOf(operations)
const lists = creations.flatMap(({ path }) =>
  operations.filter((operation) => operation.path === path && 'page' in operation.query && 'limit' in operation.query),
)

/** Creates a row of a collection with its references. A new mark avoids duplicate natural keys. */
async function make(collection: string, self: Sender, other: Sender): Promise<void> {
  const one = { ...self, mark: crypto.randomUUID().slice(0, 8) }
  for (const creation of creations) {
    if (creation.path !== collection && self.made.has(creation.path)) continue
    const { status, body } = await send(target, rightRequest(creation, operations), one, other)
    expect({ status, body }).toEqual({ status: 201, body })
    if (creation.path === collection) return
  }
}

const Page = z.object({
  data: z.array(z.object({ id: z.string() })),
  meta: z.object({ pagination: z.object({ total: z.number(), links: z.object({ next: z.string().nullable() }) }) }),
})

/** A client of A that follows `next` gets each row of A once, and no others, while B adds rows. */
const everyRowOnce = fc.asyncProperty(
  fc.record({
    path: fc.constantFrom(...lists.map(({ path }) => path)),
    rows: fc.nat({ max: 8 }),
    limit: fc.integer({ min: 1, max: 4 }),
    addedByB: fc.infiniteStream(fc.nat({ max: 2 })),
  }),
  async ({ path, rows, limit, addedByB }) => {
    const [a, b] = [newSender(), newSender()]
    const pages: string[][] = []
    for (let row = 0; row < rows; row++) await make(path, a, b)
    for (let next: string | null = `${path}?limit=${limit}`; next; ) {
      for (let added = addedByB.next().value; added > 0; added--) await make(path, b, a)
      const request = { method: 'GET', path: next, headers: { 'X-Tenant-Id': '{tenant}' } }
      const { data, meta } = Page.parse(JSON.parse((await send(target, request, a, b)).body))
      expect(meta.pagination.total).toBe(rows)
      pages.push(data.map(({ id }) => id))
      next = meta.pagination.links.next
    }
    expect(pages.flat().toSorted()).toEqual((a.made.get(path) ?? []).toSorted())
    expect(pages.length).toBe(Math.max(1, Math.ceil(rows / limit)))
  },
)

test(
  'a tenant gets each of its rows on exactly one page, while another adds rows',
  async () => {
    expect(lists.length).toBeGreaterThan(0)
    await fc.assert(everyRowOnce, tries(25))
  },
  timeoutMs,
)

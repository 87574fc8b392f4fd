import { expect, test } from 'vitest'
import { newSlug, signUp, signUpWithOrganization } from './person.ts'
import { owner, tenants } from './server.ts'

const list = async (person: Awaited<ReturnType<typeof signUp>>) =>
  (await person.send('GET', '/api/auth/organization/list')).body

/** Lets inserts into a table fail, for a row with this name. */
async function breakInserts(table: string, name: string) {
  const trigger = `fails_${table.replace('.', '_')}`
  await owner.query(`
    create or replace function public.fails() returns trigger language plpgsql as $$ begin raise 'broken by a test'; end $$;
    create trigger ${trigger} before insert on ${table} for each row when (new.name = '${name}') execute function public.fails()`)
  return async () => void (await owner.query(`drop trigger ${trigger} on ${table}`))
}

test('a new organization is a tenant, and its owner writes and reads rows', async () => {
  const ada = await signUp('Ada')
  const slug = newSlug()
  const { status, body } = await ada.createOrganization(slug, 'Acme')
  expect(status).toBe(200)
  expect(await tenants.get({ externalId: body.id })).toMatchObject({ slug, name: 'Acme', status: 'active' })
  expect((await tenants.history({ externalId: body.id }))[0]).toMatchObject({ action: 'create', actor: ada.id })
  expect((await ada.write('Hello')).status).toBe(201)
  expect(await ada.read()).toEqual(['Hello'])
})

test('an organization whose slug the directory refuses is not created', async () => {
  const ada = await signUp('Ada')
  const taken = newSlug()
  await tenants.create({ slug: taken, name: 'A tenant without an organization' }, { actor: 'ops', reason: 'a test' })
  expect((await ada.createOrganization('www')).status).toBe(400)
  expect((await ada.createOrganization('No slug')).status).toBe(400)
  expect((await ada.createOrganization(taken)).status).toBe(409)
  expect(await list(ada)).toEqual([])
})

test('when the directory fails there is no organization, and a second attempt creates it', async () => {
  const ada = await signUp('Ada')
  const slug = newSlug()
  const mend = await breakInserts('tenancy.tenants', slug)
  expect((await ada.createOrganization(slug)).status).toBe(500)
  expect(await list(ada)).toEqual([])
  expect(await ada.read()).toBe(403)
  await mend()
  expect((await ada.createOrganization(slug)).status).toBe(200)
  expect(await ada.read()).toEqual([])
})

test('when better-auth fails the tenant opens nothing, and a second attempt of the same user gets it', async () => {
  const [ada, bob] = [await signUp('Ada'), await signUp('Bob')]
  const slug = newSlug()
  const mend = await breakInserts('auth.organization', slug)
  expect((await ada.createOrganization(slug)).status).toBe(500)
  const { id, externalId } = await tenants.get({ slug })
  expect(await ada.read()).toBe(403)
  expect((await ada.activate(externalId)).status).toBe(403)
  await mend()
  expect((await bob.createOrganization(slug)).status).toBe(409)
  const { status, body } = await ada.createOrganization(slug)
  expect(status).toBe(200)
  expect(await tenants.get({ externalId: body.id })).toMatchObject({ id, slug })
  expect(await ada.read()).toEqual([])
})

test('an organization from before opens nothing until it has a tenant', async () => {
  const ada = await signUp('Ada')
  const id = newSlug()
  await owner.query("insert into auth.organization (id, name, slug) values ($1, 'Acme', $1)", [id])
  await owner.query("insert into auth.member (id, organization_id, user_id, role) values ($1, $1, $2, 'owner')", [
    id,
    ada.id,
  ])
  expect((await ada.activate(id)).status).toBe(200)
  expect(await ada.read()).toBe(403)
  await tenants.create({ slug: id, name: 'Acme', externalId: id }, { actor: 'ops', reason: 'a test' })
  expect(await ada.read()).toEqual([])
})

test('a suspended tenant is refused', async () => {
  const { organizationId, read } = await signUpWithOrganization('Acme')
  await tenants.suspend({ externalId: organizationId }, { actor: 'ops', reason: 'a test' })
  expect(await read()).toBe(403)
})

test('two attempts at the same time create one organization', async () => {
  const ada = await signUp('Ada')
  const slug = newSlug()
  const attempts = await Promise.all([ada.createOrganization(slug), ada.createOrganization(slug)])
  expect(attempts.map(({ status }) => status)).toContain(200)
  expect(await list(ada)).toHaveLength(1)
  expect(await ada.read()).toEqual([])
})

test('the directory gets the new names of an organization, and refuses those of another tenant', async () => {
  const [acme, globex] = [await signUpWithOrganization('Acme'), await signUpWithOrganization('Globex')]
  const slug = newSlug()
  const rename = (data: object) =>
    acme.send('POST', '/api/auth/organization/update', { organizationId: acme.organizationId, data })
  expect((await rename({ name: 'Acme Group', slug })).status).toBe(200)
  expect(await tenants.get({ slug })).toMatchObject({ externalId: acme.organizationId, name: 'Acme Group' })
  expect((await rename({ slug: 'www' })).status).toBe(400)
  const { slug: theirs } = await tenants.get({ externalId: globex.organizationId })
  expect((await rename({ slug: theirs })).status).toBe(400)
  expect(await tenants.get({ slug })).toMatchObject({ externalId: acme.organizationId })
})

test('a former slug gives nobody the tenant that had it', async () => {
  const ada = await signUp('Ada')
  const slug = newSlug()
  const { body } = await ada.createOrganization(slug)
  await ada.write('Hello')
  await ada.send('POST', '/api/auth/organization/update', { organizationId: body.id, data: { slug: newSlug() } })
  expect((await ada.createOrganization(slug)).status).toBe(409)
})

test('an organization cannot be deleted', async () => {
  const { organizationId, send, read } = await signUpWithOrganization('Acme')
  const { status } = await send('POST', '/api/auth/organization/delete', { organizationId })
  expect(status).toBeGreaterThanOrEqual(400)
  expect(await read()).toEqual([])
})

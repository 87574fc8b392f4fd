import { expect, test } from 'vitest'
import { send, signUp, signUpWithOrganization } from './person.ts'
import { owner } from './server.ts'

test('an invited member sees the rows of the active organization only', async () => {
  const [acme, globex] = [await signUpWithOrganization('Acme'), await signUpWithOrganization('Globex')]
  await acme.write('of Acme')
  await globex.write('of Globex')
  const guest = await signUp('Guest')
  await acme.invite(guest, 'member')
  await globex.invite(guest, 'member')

  await guest.activate(acme.organizationId)
  expect(await guest.read()).toEqual(['of Acme'])
  await guest.activate(globex.organizationId)
  expect(await guest.read()).toEqual(['of Globex'])
  await guest.write('of the guest')
  expect(await globex.read()).toEqual(['of the guest', 'of Globex'])
  expect(await acme.read()).toEqual(['of Acme'])
})

test('a session without an active organization is refused, and so is one of an organization that has no such member', async () => {
  const acme = await signUpWithOrganization('Acme')
  await acme.write('of Acme')
  const other = await signUp('Other')
  expect(await other.read()).toBe(403)
  expect((await other.activate(acme.organizationId)).status).toBe(403)
  expect(await other.read()).toBe(403)
  await owner.query('update auth.session set active_organization_id = $1 where user_id = $2', [
    acme.organizationId,
    other.id,
  ])
  expect(await other.read()).toBe(403)
  await acme.activate(null)
  expect(await acme.read()).toBe(403)
})

test('a member who is removed reads nothing from the next request on', async () => {
  const acme = await signUpWithOrganization('Acme')
  await acme.write('of Acme')
  const guest = await signUp('Guest')
  await acme.invite(guest, 'member')
  await guest.activate(acme.organizationId)
  expect(await guest.read()).toEqual(['of Acme'])
  await acme.send('POST', '/api/auth/organization/remove-member', { memberIdOrEmail: guest.email })
  expect(await guest.read()).toBe(403)
  expect((await guest.write('late')).status).toBe(403)
})

test('only an owner purges, and a new role counts at once', async () => {
  const acme = await signUpWithOrganization('Acme')
  await acme.write('of Acme')
  const guests = { member: await signUp('Member'), admin: await signUp('Admin') }
  for (const [role, guest] of Object.entries(guests)) {
    await acme.invite(guest, role)
    await guest.activate(acme.organizationId)
    const { status, body } = await guest.send('POST', '/notes/purge')
    expect([status, body.error.message]).toEqual([403, 'You need the permission notes:purge'])
    expect(await guest.read()).toEqual(['of Acme'])
  }
  const { body } = await guests.admin.send('GET', '/api/auth/organization/get-active-member')
  await acme.send('POST', '/api/auth/organization/update-member-role', { memberId: body.id, role: ['admin', 'owner'] })
  expect((await guests.admin.send('POST', '/notes/purge')).body.data).toEqual({ purged: 1 })
})

test('an owner of one organization is a member in another one', async () => {
  const [acme, globex] = [await signUpWithOrganization('Acme'), await signUpWithOrganization('Globex')]
  await acme.invite(globex, 'member')
  await globex.activate(acme.organizationId)
  expect((await globex.send('POST', '/notes/purge')).status).toBe(403)
  await globex.activate(globex.organizationId)
  expect((await globex.send('POST', '/notes/purge')).status).toBe(200)
})

test('a bearer token is the same session, and a cookie beside it is refused', async () => {
  const { token, cookie, write } = await signUpWithOrganization('Acme')
  await write('of Acme')
  const read = (headers: object) => send('GET', '/notes', undefined, headers)
  const { body } = await read({ Authorization: `Bearer ${token}` })
  expect(body.data).toMatchObject([{ text: 'of Acme' }])
  expect((await read({ Authorization: `Bearer ${token}`, Cookie: cookie })).status).toBe(400)
  expect((await read({ Authorization: 'Bearer made-up' })).status).toBe(401)
  expect((await read({ Cookie: 'better-auth.session_token=made-up' })).status).toBe(401)
  expect((await read({})).status).toBe(401)
})

test('browsers do not send the session with requests of other sites', async () => {
  const { setCookies } = await signUp('Ada')
  expect(setCookies.filter((line) => !/HttpOnly.*SameSite=Lax/i.test(line))).toEqual([])
})

test('a session that has signed out reads nothing', async () => {
  const acme = await signUpWithOrganization('Acme')
  await acme.send('POST', '/api/auth/sign-out', {})
  expect(await acme.read()).toBe(401)
})

test('a failure of the database is no refusal, and shows no row', async () => {
  const acme = await signUpWithOrganization('Acme')
  await owner.query('revoke select on auth.member from better_auth')
  expect(await acme.read()).toBe(500)
  await owner.query('grant select on auth.member to better_auth')
  expect(await acme.read()).toEqual([])
})

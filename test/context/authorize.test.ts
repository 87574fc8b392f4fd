import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import {
  type Authentication,
  authorize,
  type ClaimedTenant,
  type Identity,
  type Permission,
  type TenantEnv,
  unverified,
} from '../../src/context/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { header, type TenantDirectory, tenant } from '../../src/resolution/index.ts'
import { directoryOf, newEntry } from '../resolution/app.ts'
import { newTenant, respelled, tenantIds } from '../tenants.ts'

const [a, b] = [newTenant(), newTenant()]
const authOf = (identity: Identity): Authentication => ({ vary: [], verify: () => identity })
const claiming = (...tenants: (string | ClaimedTenant)[]) => authOf({ actor: 'ada', tenants })

/** Asks for a permission in a tenant, and returns the status and the message of the failure. */
async function ask(auth: Authentication, permission: string, id = a, directory?: TenantDirectory) {
  const app = new Hono<TenantEnv>()
  app.onError(createErrorHandler({ onError: () => {} }))
  app.use(tenant({ from: header('X-Tenant-Id'), auth, directory, ...tenantIds }))
  app.get('/', async (c) => {
    await authorize(c, permission as Permission) // as JavaScript could pass it
    return c.json({})
  })
  const response = await app.request('/', { headers: { 'X-Tenant-Id': id } })
  const body = await response.json()
  return `${response.status} ${body.error?.message ?? ''}`.trim()
}

const everyday = ['tasks:read', 'tasks:write', 'tasks:delete', 'audit:read', 'tasks:undo-list', 'export:audit']
const ofOwners = ['tasks:undo', 'tasks:purge', 'tasks:trash:purge', 'audit:export']

describe('an owner', () => {
  test.each([...everyday, ...ofOwners])('has the permission %s', async (permission) => {
    expect(await ask(claiming({ id: a, roles: ['owner'] }), permission)).toBe('200')
  })
})

describe.each<[string, Authentication]>([
  ['a member', claiming({ id: a, roles: ['member'] })],
  ['a caller whose authentication says nothing of roles', claiming({ id: a })],
  ['a caller whose tenant is named by its id alone', claiming(a)],
  ['a caller of a gateway that says nothing of roles', authOf({ tenants: 'any' })],
])('%s', (_, auth) => {
  test.each(everyday)('has the permission %s', async (permission) => {
    expect(await ask(auth, permission)).toBe('200')
  })

  test.each(ofOwners)('does not have the permission %s, which the message names', async (permission) => {
    expect(await ask(auth, permission)).toBe(`403 You need the permission ${permission}`)
  })
})

describe('a caller without a known role', () => {
  test.each([[[]], [['viewer']], [['Owner']], [['owner ']], [['owner,member']], [['']], [['members']]])(
    'has no permission (%j)',
    async (roles) => {
      const refused = '403 You need the permission tasks:read'
      expect(await ask(claiming({ id: a, roles }), 'tasks:read')).toBe(refused)
      expect(await ask(authOf({ tenants: 'any', roles }), 'tasks:read')).toBe(refused)
    },
  )

  test('gets a message that names no role', async () => {
    expect(await ask(claiming({ id: a, roles: ['viewer'] }), 'tasks:purge')).not.toMatch(/owner|member|viewer/)
  })
})

test('an unverified caller acts as the owner of every tenant', async () => {
  expect(await ask(unverified({}), 'tasks:purge')).toBe('200')
})

describe('roles that are no list of texts', () => {
  test.each<[unknown]>([['owner'], [null], [[1]], [[['owner']]], [{ owner: true }], [true]])(
    'reach no handler (%j)',
    async (roles) => {
      const wrong = { id: a, roles } as unknown as ClaimedTenant // as JavaScript could return it
      expect(await ask(claiming(wrong), 'tasks:read')).toStartWith('500')
      expect(await ask(authOf({ tenants: 'any', roles } as unknown as Identity), 'tasks:read')).toStartWith('500')
    },
  )

  test('beside a list of tenants reach no handler: they would count in all of them', async () => {
    const wrong = { tenants: [a, b], roles: ['owner'] } as unknown as Identity // the type refuses it
    expect(await ask(authOf(wrong), 'tasks:read')).toStartWith('500')
  })
})

describe('roles count only for the tenant of the claim that gave them', () => {
  const auth = claiming({ id: a, roles: ['owner'] }, { id: b, roles: ['member'] })

  test('an owner of one tenant who is a member of another one is a member there', async () => {
    expect(await ask(auth, 'tasks:purge', a)).toBe('200')
    expect(await ask(auth, 'tasks:purge', b)).toBe('403 You need the permission tasks:purge')
    expect(await ask(auth, 'tasks:write', b)).toBe('200')
  })

  test('an owner of one tenant has no role in another tenant that is claimed with none', async () => {
    const none = claiming({ id: a, roles: ['owner'] }, { id: b, roles: [] })
    expect(await ask(none, 'tasks:read', b)).toBe('403 You need the permission tasks:read')
  })

  test('also when the claims name tenants by slug or external id', async () => {
    const [acme, globex] = [newEntry('acme'), { ...newEntry('globex'), externalId: 'org_2' }]
    const directory = directoryOf(acme, globex)
    const named = claiming({ externalId: 'org_2', roles: ['owner'] }, { slug: 'acme', roles: ['member'] })
    expect(await ask(named, 'tasks:purge', globex.id, directory)).toBe('200')
    expect(await ask(named, 'tasks:purge', acme.id, directory)).toBe('403 You need the permission tasks:purge')
  })

  test('the first claim of a tenant gives its roles', async () => {
    const twice = claiming({ id: a, roles: ['member'] }, { id: respelled(a), roles: ['owner'] })
    expect(await ask(twice, 'tasks:purge')).toBe('403 You need the permission tasks:purge')
  })

  test('and an owner of one tenant reaches no other tenant', async () => {
    expect(await ask(claiming({ id: a, roles: ['owner'] }), 'tasks:read', b)).toBe(
      '403 Your credentials are not for this tenant',
    )
  })
})

describe('authorize()', () => {
  test.each(['tasks', 'tasks.undo', 'Tasks:undo', 'tasks:', ':undo', 'tasks:undo ', 'tasks: undo', ''])(
    'refuses the malformed permission %p instead of asking for less',
    async (permission) => {
      expect(await ask(claiming({ id: a, roles: ['owner'] }), permission)).toStartWith('500')
    },
  )

  test('throws outside of the tenant middleware', async () => {
    const app = new Hono()
    const thrown: string[] = []
    app.onError(({ message }, c) => {
      thrown.push(message)
      return c.text('')
    })
    app.get('/', async (c) => {
      await authorize(c, 'tasks:read')
      return c.text('reached')
    })
    expect(await (await app.request('/')).text()).toBe('')
    expect(thrown).toEqual([expect.stringContaining('put the tenant middleware before the route')])
  })

  test('takes no role from a variable of the context', async () => {
    const app = new Hono<{ Variables: TenantEnv['Variables'] & { roles: string[] } }>()
    app.onError(createErrorHandler())
    app.use(tenant({ from: header('X-Tenant-Id'), auth: claiming({ id: a, roles: ['member'] }), ...tenantIds }))
    app.get('/', async (c) => {
      c.set('roles', ['owner'])
      await authorize(c, 'tasks:purge')
      return c.text('reached')
    })
    expect((await app.request('/', { headers: { 'X-Tenant-Id': a } })).status).toBe(403)
  })
})

import type { CodeMutation } from './mutation.ts'

/** Faults in who calls and whose data a request gets: authentication, resolution, roles, and the form of tenant ids. */
export const callerMutations: CodeMutation[] = [
  {
    fault: 'start in production without authentication',
    guarantee: 21,
    file: 'src/service/config/auth-settings.ts',
    lines: [["NODE_ENV === 'production'", 'false']],
    test: {
      file: 'test/service/config.test.ts',
      title: 'rejects unverified callers in production without ALLOW_UNVERIFIED',
    },
  },
  {
    fault: 'tenant of the request that is not compared with the token',
    guarantee: 21,
    file: 'src/resolution/resolve.ts',
    lines: [["      identity.tenants === 'any'\n", '      true\n']],
    test: { file: 'test/auth/jwt.test.ts', title: 'is rejected for a tenant that it does not name' },
  },
  {
    fault: 'accepted token of another service',
    guarantee: 21,
    file: 'src/auth/jwt.ts',
    lines: [["options.audience === 'any' ?", 'true ?']],
    test: {
      file: 'test/auth/jwt.test.ts',
      title: 'for another service is accepted only when any audience is accepted',
    },
  },
  {
    fault: 'tenant() without authentication',
    guarantee: 32,
    file: 'src/resolution/tenant.ts',
    lines: [["if (typeof auth?.verify !== 'function' ||", 'if (false &&']],
    test: {
      file: 'test/resolution/explicit-auth.test.ts',
      title: 'without auth throws, and the message names the remedies',
    },
  },
  {
    fault: 'unverified() in production',
    guarantee: 32,
    file: 'src/context/unverified.ts',
    lines: [["NODE_ENV === 'production' &&", 'false &&']],
    test: { file: 'test/context/unverified.test.ts', title: 'production, and names the remedies' },
  },
  {
    fault: 'verified tokens without the signature in their key',
    guarantee: 24,
    file: 'src/auth/jwt.ts',
    lines: [
      ['remembered.get(token)', "remembered.get(token.split('.')[1])"],
      ['remembered.set(token,', "remembered.set(token.split('.')[1],"],
    ],
    test: {
      file: 'test/auth/remember.test.ts',
      title: 'is not mistaken for another token or one with a character more or less',
    },
  },
  {
    fault: "tenant that is looked up before it is compared with the caller's",
    guarantee: 4,
    file: 'src/resolution/resolve.ts',
    lines: [['  const same = own.find(', '  await find(wanted)\n  const same = own.find(']],
    test: { file: 'test/resolution/foreign-tenants.test.ts', title: 'costs no query when it is named by its id' },
  },
  {
    fault: 'one cache for tenants and for ids that are none',
    guarantee: 26,
    file: 'src/resolution/tenant-directory.ts',
    lines: [['entry ? [tenants, absent] : [absent, tenants]', '[tenants, absent]']],
    test: { file: 'test/resolution/directory-flood.test.ts', title: 'displace no tenant from the cache' },
  },
  {
    fault: 'answers of the tenant directory without the tenant in their key',
    guarantee: 24,
    file: 'src/resolution/tenant-directory.ts',
    lines: [
      ['tenants.get(selector)', "tenants.get('')"],
      ['cache.set(selector,', "cache.set('',"],
    ],
    test: { file: 'test/resolution/tenant-directory.test.ts', title: 'is used only for its own tenant' },
  },
  {
    fault: 'identity that is not frozen',
    guarantee: 30,
    file: 'src/context/frozen-identity.ts',
    lines: [['  freeze(copy)\n', '']],
    test: {
      file: 'test/auth/frozen.test.ts',
      title: 'of a token gets a TypeError, and no later request with the token sees the change',
    },
  },
  {
    fault: 'roles beside a list of tenants',
    guarantee: 32,
    file: 'src/context/frozen-identity.ts',
    lines: [[' && roles === undefined', '']],
    test: { file: 'test/context/authorize.test.ts', title: 'beside a list of tenants reach no handler' },
  },
  {
    fault: 'roles of a claim that count in several tenants',
    guarantee: 33,
    file: 'src/auth/tenant-claims.ts',
    lines: [['const held = isOne ?', 'const held = true ?']],
    test: { file: 'test/auth/tenant-claims.test.ts', title: 'gives no role beside a list of several tenants' },
  },
  {
    fault: 'route that does not ask for its permission',
    guarantee: 33,
    file: 'src/openapi/router.ts',
    lines: [['    await authorize(c, permission)\n', '    void permission\n']],
    test: {
      file: 'test/service/permissions.test.ts',
      title: 'refuses a caller without a role in this tenant, before it parses the body or asks the database',
    },
  },
  {
    fault: 'request with two credentials',
    guarantee: 21,
    file: 'src/auth/one-of.ts',
    lines: [['if (carried && other)', 'if (false)']],
    test: { file: 'test/auth/one-of.test.ts', title: 'refuses a request with a token and a session' },
  },
  {
    fault: 'values of two kinds that are compared',
    guarantee: 21,
    file: 'src/resolution/resolve.ts',
    lines: [
      ['a.kind === b.kind && ', ''],
      ['({ key }) => isNameOf(key, found)', '() => true'],
    ],
    test: {
      file: 'test/auth/tenant-claims.test.ts',
      title: 'an external id that is the id of another tenant does not open that tenant',
    },
  },
  {
    fault: 'lookup of claims of the kind that the request names',
    guarantee: 4,
    file: 'src/resolution/resolve.ts',
    lines: [['own.filter(({ key }) => partsOf(key).kind !== partsOf(wanted).kind)', 'own']],
    test: { file: 'test/resolution/foreign-tenants.test.ts', title: 'costs no query when it is named by its' },
  },
  {
    fault: 'claims that are read as ids of another type',
    guarantee: 21,
    file: 'src/resolution/resolve.ts',
    lines: [['parseTenantKey(claimed, ids.parse)', 'parseTenantKey(claimed)']],
    test: { file: 'test/tenant-ids/directory.test.ts', title: 'a text id that is the slug of another tenant' },
  },
  {
    fault: 'answers of the tenant directory without the kind in their key',
    guarantee: 24,
    file: 'src/resolution/tenant-directory.ts',
    lines: [
      ['tenants.get(selector)', "tenants.get(selector.split(':')[1] ?? '')"],
      ['cache.set(selector,', "cache.set(selector.split(':')[1] ?? '',"],
    ],
    test: { file: 'test/resolution/foreign-tenants.test.ts', title: 'has answers of its own in the cache' },
  },
  {
    fault: 'text ids in lower case',
    guarantee: 1,
    file: 'src/context/tenant-id.ts',
    lines: [['(text.test(value) ? branded(value)', '(text.test(value) ? branded(value.toLowerCase())']],
    test: { file: 'test/tenant-ids/requests.test.ts', title: 'are two tenants to the claims of a caller' },
  },
  {
    fault: 'context of another type of ids',
    guarantee: 8,
    file: 'src/database/tenant-database.ts',
    lines: [['      assertSameIds(context, type)\n', '']],
    test: { file: 'test/tenant-ids/isolation.test.ts', title: 'a context of another type is refused before any SQL' },
  },
  {
    fault: 'database whose ids have another type',
    guarantee: 8,
    file: 'src/database/start-check.ts',
    lines: [['pg_catalog.dsqrt(case when ', 'pg_catalog.dsqrt(case when true or ']],
    test: {
      file: 'test/tenant-ids/isolation.test.ts',
      title: 'a tenant database of another type is refused before it reads a row',
    },
  },
  {
    fault: 'signature of the tenant alone',
    guarantee: 8,
    file: 'src/database/signed-context.ts',
    lines: [['.update(head + rest)', '.update(head + tenantId)']],
    test: {
      file: 'test/database/signed-actor.test.ts',
      title: 'gives the tenant with the actor and the request id that were signed',
    },
  },
  {
    fault: 'signature that a database of text ids takes for a tenant',
    guarantee: 9,
    file: 'src/database/tenant-opening.ts',
    lines: [["seen: signer && tenantIdType === 'text' ? tenantId : undefined", 'seen: undefined']],
    test: { file: 'test/tenant-ids/isolation.test.ts', title: 'on a database that verifies no signatures' },
  },
  {
    fault: 'roles of the last claim that names the tenant',
    guarantee: 33,
    file: 'src/resolution/resolve.ts',
    lines: [['own.find(({ key }) => isNameOf', 'own.findLast(({ key }) => isNameOf']],
    test: {
      file: 'test/resolution/claimed-roles.test.ts',
      title: 'the first claim that names the tenant gives the roles',
    },
  },
]

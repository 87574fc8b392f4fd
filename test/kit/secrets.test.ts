import { expect, test } from 'bun:test'
import { gateway, jwt } from '../../src/auth/index.ts'
import { createPool, createReplica, createTenantSigner, signingKeyOf } from '../../src/database/index.ts'

const connections = createPool({ url: 'postgres://ada@localhost/acme', size: 1 })

/** Every secret of the kit, by what takes it. */
const secrets: [string, (secret: string) => unknown][] = [
  ['createTenantSigner()', (secret) => createTenantSigner(secret)],
  ['signingKeyOf()', signingKeyOf],
  ['createReplica()', (secret) => createReplica({ connections, check: async () => {}, secret })],
  ['gateway()', (secret) => gateway({ header: 'X-Gateway-Secret', secrets: [secret] })],
  ['jwt()', (secret) => jwt({ key: { secret }, issuer: 'a', audience: 'b' })],
]

test.each(secrets)('%s refuses a secret that is absent or short, without showing it', (_, construct) => {
  const absent = undefined as unknown as string // as of a variable that is not set, in JavaScript
  for (const secret of [absent, '', 'short-secret', 'x'.repeat(31)]) {
    expect(() => construct(secret)).toThrow(TypeError)
    if (secret) expect(() => construct(secret)).not.toThrow(secret)
  }
  expect(() => construct('x'.repeat(32))).not.toThrow()
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportSPKI, generateKeyPair, SignJWT } from 'jose'
import { tenantIdOf } from '../db/seed-many.ts'

/** The file of bearer tokens for wrk.lua, one for each tenant, and the service's settings to verify them. */
export interface Tokens extends AsyncDisposable {
  readonly path: string
  readonly settings: Record<string, string>
}

const issuer = 'https://issuer.example'
const audience = 'rowhouse'

/** Signs tokens that are valid for an hour. */
export async function signTokens(algorithm: string, tenants: number): Promise<Tokens> {
  const secret = crypto.randomUUID()
  const pair = algorithm === 'HS256' ? undefined : await generateKeyPair(algorithm)
  const key = pair?.privateKey ?? new TextEncoder().encode(secret)
  const sign = (number: number) =>
    new SignJWT({ tenant_id: tenantIdOf(number) })
      .setProtectedHeader({ alg: algorithm })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(`user-${number}`)
      .setExpirationTime('1h')
      .sign(key)
  const tokens = await Promise.all(Array.from({ length: tenants }, (_, index) => sign(index + 1)))
  const folder = mkdtempSync(join(tmpdir(), 'rowhouse-tokens-'))
  const path = join(folder, 'tokens.lua')
  await Bun.write(path, `return { ${tokens.map((token) => `'${token}'`).join(', ')} }`)
  const verify: Record<string, string> = pair
    ? { JWT_PUBLIC_KEY: await exportSPKI(pair.publicKey) }
    : { JWT_SECRET: secret }
  return {
    path,
    settings: { AUTH: 'jwt', JWT_ISSUER: issuer, JWT_AUDIENCE: audience, ...verify },
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }),
  }
}

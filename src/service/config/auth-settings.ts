import { z } from 'zod'

// The settings that say how callers prove who they are. What each means stands in the README's table.

const secretMin = 32
/** Several, with blanks or commas between them, while one is being replaced by another. */
const secrets = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter((one) => one !== ''))
  .refine((all) => all.length > 0 && all.every(({ length }) => length >= secretMin), {
    message: `must have at least ${secretMin} characters: openssl rand -hex 32 (several with commas between them)`,
  })
  .optional()

/** Keys of `TENANT_SIGNING_KEY`: the first one seals, the database may know all. */
export const signingKeys = secrets

/**
 * Reads them for a migration.
 *
 * @returns none for "off"; undefined when nothing is said
 * @throws Error when one is too short
 */
export function readSigningKeys(text: string | undefined): string[] | undefined {
  if (!text) return undefined
  if (text === 'off') return []
  const result = secrets.safeParse(text)
  if (result.success) return result.data
  throw new Error(`TENANT_SIGNING_KEY ${result.error.issues[0]?.message}`)
}

const headerName = z.string().regex(/^[A-Za-z0-9-]+$/, "must be a header's name")
const list = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter((one) => one !== ''))
  .optional()

export const authSettings = {
  NODE_ENV: z.string().optional(),
  AUTH: z.enum(['jwt', 'gateway', 'unverified'], 'must be "jwt", "gateway" or "unverified"').default('unverified'),
  ALLOW_UNVERIFIED: z.enum(['true', 'false'], 'must be "true" or "false"').default('false'),
  JWT_JWKS_URL: z.string().refine(isSecureUrl, 'must be a URL with https (or http to localhost)').optional(),
  JWT_PUBLIC_KEY: z.string().optional(),
  JWT_SECRET: z.string().min(secretMin, `must have at least ${secretMin} characters`).optional(),
  JWT_ALGORITHMS: list,
  JWT_ISSUER: z.string().optional(),
  JWT_AUDIENCE: list,
  JWT_TENANT_CLAIM: z.string().default('tenant_id'),
  JWT_CLOCK_SKEW_SECONDS: z
    .string()
    .refine((text) => /^\d{1,3}$/.test(text) && Number(text) <= 300, 'must be a whole number from 0 to 300')
    .transform(Number)
    .default(30),
  GATEWAY_SECRET: secrets,
  GATEWAY_CERTIFICATE: z.string().optional(),
  GATEWAY_CERTIFICATE_HEADER: headerName.optional(),
  GATEWAY_ACTOR_HEADER: headerName.optional(),
}

const shape = z.object(authSettings)
/** The trust settings, as they were read. */
export type AuthSettings = z.infer<typeof shape>

/** What does not fit together, as setting and sentence. */
export function authProblems(settings: AuthSettings): [setting: keyof AuthSettings, problem: string][] {
  const { AUTH, NODE_ENV, ALLOW_UNVERIFIED } = settings
  const problems: [keyof AuthSettings, string][] = []
  const need = (missing: boolean, setting: keyof AuthSettings, problem: string) =>
    void (missing && problems.push([setting, problem]))
  const isSet = (name: string) => settings[name as keyof AuthSettings] !== undefined // of an object literal's own keys

  need(
    AUTH === 'unverified' && NODE_ENV === 'production' && ALLOW_UNVERIFIED === 'false',
    'AUTH',
    'is required in production: "jwt" verifies bearer tokens, "gateway" believes a proxy of yours that proves itself ' +
      '(docs/going-to-production.md). ALLOW_UNVERIFIED=true lets whoever reaches the service be any tenant',
  )
  for (const [name, kind] of [
    ['JWT_', 'jwt'],
    ['GATEWAY_', 'gateway'],
  ] as const)
    for (const setting of Object.keys(authSettings).filter((one) => one.startsWith(name)))
      need(
        AUTH !== kind && isSet(setting) && !['JWT_TENANT_CLAIM', 'JWT_CLOCK_SKEW_SECONDS'].includes(setting),
        setting as keyof AuthSettings, // one of its keys
        `is of use with AUTH=${kind} only`,
      )
  if (AUTH === 'jwt') {
    const keys = ['JWT_JWKS_URL', 'JWT_PUBLIC_KEY', 'JWT_SECRET'].filter(isSet)
    need(keys.length !== 1, 'JWT_JWKS_URL', 'or JWT_PUBLIC_KEY or JWT_SECRET is required with AUTH=jwt, one of them')
    need(!isSet('JWT_ISSUER'), 'JWT_ISSUER', 'is required with AUTH=jwt: what the tokens say as "iss"')
    need(
      !isSet('JWT_AUDIENCE'),
      'JWT_AUDIENCE',
      'is required with AUTH=jwt: what the tokens for this service say as "aud" ("any" takes those for other services too)',
    )
  }
  if (AUTH === 'gateway') {
    const isWhole = isSet('GATEWAY_CERTIFICATE') === isSet('GATEWAY_CERTIFICATE_HEADER')
    need(!isWhole, 'GATEWAY_CERTIFICATE', 'and GATEWAY_CERTIFICATE_HEADER belong together')
    need(
      isSet('GATEWAY_SECRET') === isSet('GATEWAY_CERTIFICATE'),
      'GATEWAY_SECRET',
      'or GATEWAY_CERTIFICATE is required with AUTH=gateway, one of them: how the proxy proves itself',
    )
  }
  return problems
}

function isSecureUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))
}

import { z } from 'zod'
import { ConfigError } from '../../errors/index.ts'
import { authProblems, authSettings, signingKeys } from './auth-settings.ts'

/** Digits alone: `Number` would take a blank for 0, and `0x10` or `1e3` for what nobody meant. */
const whole = (min: number, max: number, preset: number) =>
  z
    .string()
    .refine(
      (value) => /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max,
      `must be a whole number from ${min} to ${max}`,
    )
    .transform(Number)
    .default(preset)

const databaseUrl = (missing?: string) =>
  z.string(missing).regex(/^postgres(ql)?:\/\/./, 'must be a URL as postgres://app_user:password@host:5432/database')

const settings = z.object({
  PORT: whole(0, 65_535, 3000),
  HOST: z.string().default('0.0.0.0'),
  DATABASE_URL: databaseUrl(
    'is required: postgres://app_user:password@host:5432/database ("bun run up" brings a database of its own)',
  ),
  DATABASE_REPLICA_URL: databaseUrl().optional(),
  BOOKMARK_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
  DATABASE_POOL_SIZE: whole(1, 1000, 10),
  WORKERS: z
    .union([z.literal('auto'), whole(1, 1000, 1)], 'must be "auto" or a whole number from 1 to 1000')
    .default(1),
  TENANT_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "must be a header's name")
    .refine((name) => !reserved.includes(name.toLowerCase()), 'must not be a header with another meaning')
    .default('X-Tenant-Id'),
  TENANT_FROM: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((one) => one !== ''))
    .pipe(z.array(z.enum(['header', 'subdomain', 'claim'], 'must be of "header", "subdomain" and "claim"')).min(1))
    .optional(),
  TENANT_DOMAIN: z.string().optional(),
  TENANT_DIRECTORY: z.enum(['off', 'on', 'required'], 'must be "off", "on" or "required"').default('off'),
  TENANT_SIGNING_KEY: signingKeys,
  TENANT_CONCURRENCY: z
    .union([z.literal('auto'), whole(0, 10_000, 0)], 'must be "auto" or a whole number from 0 to 10000')
    .default('auto'),
  TENANT_QUEUE: whole(0, 10_000, 1000),
  RATE_LIMIT: whole(0, 1_000_000, 0),
  RATE_LIMIT_WINDOW_SECONDS: whole(1, 86_400, 60),
  ...authSettings,
  BODY_LIMIT_BYTES: whole(1, 1024 ** 3, 1024 ** 2),
  REQUEST_TIMEOUT_MS: whole(1, 240_000, 15_000),
  SHUTDOWN_TIMEOUT_MS: whole(0, 600_000, 10_000),
  TRUST_PROXY: whole(0, 10, 0),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})

const reserved = [
  'host',
  'content-type',
  'content-length',
  'connection',
  'transfer-encoding',
  'authorization',
  'cookie',
  'x-request-id',
  'x-gateway-secret',
  'bookmark',
]

const schema = settings.superRefine((given, context) => {
  const problem = (setting: string, message: string) => context.addIssue({ code: 'custom', path: [setting], message })
  const { WORKERS, DATABASE_POOL_SIZE, TENANT_FROM, TENANT_DOMAIN, TENANT_DIRECTORY, AUTH } = given
  if (WORKERS !== 'auto' && WORKERS > DATABASE_POOL_SIZE)
    problem('DATABASE_POOL_SIZE', 'is divided among the WORKERS: it must be at least as many')
  if (TENANT_FROM?.includes('claim') && AUTH !== 'jwt') problem('TENANT_FROM', 'can be "claim" with AUTH=jwt only')
  if (TENANT_FROM?.includes('subdomain') && TENANT_DIRECTORY === 'off')
    problem('TENANT_DIRECTORY', 'has to be "on" or "required", since "subdomain" in TENANT_FROM gives names')
  if (TENANT_DOMAIN !== undefined && !TENANT_FROM?.includes('subdomain'))
    problem('TENANT_DOMAIN', 'is of use with "subdomain" in TENANT_FROM only')
  for (const [setting, message] of authProblems(given)) problem(setting, message)
})

/** The configuration, validated: what each setting means stands in the README's table. */
export type Config = Readonly<z.infer<typeof schema>>

/**
 * Reads the configuration from an environment. An empty variable counts as absent.
 *
 * @throws ConfigError with every problem at once, never with a value: some are secrets
 * @example
 * const config = loadConfig(process.env)
 */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const result = schema.safeParse(given)
  if (result.success) return Object.freeze(result.data)
  const lines = result.error.issues.map((issue) => `  - ${issue.path.join('.')} ${issue.message}`)
  throw new ConfigError(`The configuration is not right:\n${lines.join('\n')}\n.env.example lists every setting.`)
}

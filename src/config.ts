import { z } from 'zod'

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
  'bookmark',
]

const schema = settings.refine(
  ({ WORKERS, DATABASE_POOL_SIZE }) => WORKERS === 'auto' || WORKERS <= DATABASE_POOL_SIZE,
  {
    path: ['DATABASE_POOL_SIZE'],
    message: 'is divided among the WORKERS: it must be at least as many',
  },
)

/** The configuration, validated: what each setting means stands in the README's table. */
export type Config = Readonly<z.infer<typeof schema>>

/** Every problem of the configuration, in one message. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

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

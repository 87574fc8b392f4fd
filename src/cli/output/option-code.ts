import { defaults, type RowhouseConfig } from '../config.ts'

/** A value of the configuration as code. */
export const code = (value: string | string[]): string =>
  Array.isArray(value)
    ? `[${value.map(code).join(', ')}]`
    : `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`

type Field = 'tenantColumn' | 'tenantId' | 'shared' | 'unreachable' | 'casing'
const usual: Partial<Record<Field, string>> = defaults

/**
 * Options of the configuration as fields of an object, without those that have their default.
 *
 * @example
 * optionCode(project, ['tenantColumn', 'shared']) // ["tenantColumn: 'org_id'"]
 */
export const optionCode = (project: RowhouseConfig, fields: Field[]): string[] =>
  fields.flatMap((field) => {
    const { [field]: value = '' } = project
    return value.length === 0 || value === usual[field] ? [] : [`${field}: ${code(value)}`]
  })

/** The call of `jwt`, for an issuer that the user replaces. */
export const authCode = `jwt({
  key: { jwksUrl: 'https://issuer.example/.well-known/jwks.json' },
  issuer: 'https://issuer.example',
  audience: 'app',
  tenants: 'tenant_id', // the claim with the id of the caller's tenant, such as org_id
})`

/** The call of `createIsolationCheck`. */
export const isolationCheckCode = (project: RowhouseConfig): string =>
  `createIsolationCheck({ ${['url', ...optionCode(project, ['tenantColumn', 'shared', 'unreachable'])].join(', ')} })`

/** The call of `createTenantDatabase`, with a pool of this many connections. */
export const tenantDatabaseCode = (project: RowhouseConfig, size: number): string =>
  `createTenantDatabase({ ${[`connections: createPool({ url, size: ${size} })`, ...optionCode(project, ['tenantId', 'casing'])].join(', ')} })`

/** The type of tenant ids as one more field of an object; empty for uuid. */
export const tenantIdField = (project: RowhouseConfig): string =>
  optionCode(project, ['tenantId'])
    .map((field) => `, ${field}`)
    .join('')

/** The lines that let the lists of an app have pages by cursor. */
export const cursorsCode = (app: string): string =>
  `// Encrypts the cursors of lists. Without ROWHOUSE_SECRET, a cursor is valid in this process alone: set it in production.
${app}.use(cursors({ secret: process.env['ROWHOUSE_SECRET'] ?? crypto.randomUUID() }))`

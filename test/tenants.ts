import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type TenantContext,
  type TenantIdType,
  type WithTenantOptions,
  withTenant as withTenantOf,
} from '../src/context/index.ts'
import { tenantIdsOf } from '../src/context/internal.ts'
import { newFastFolder } from './fast-folder.ts'

// test/deep/tenant-ids runs the suite with each type of tenant ids. A test has the type of its run from here.

const given = process.env.TEST_TENANT_IDS as TenantIdType | undefined // tenantIdsOf() refuses another one
const ids = tenantIdsOf(given)

/** The type of tenant ids in this run. */
export const tenantIdType: TenantIdType = ids.type

/** The type of tenant ids as an option of the kit: empty for uuid, which is the default. */
export const tenantIds: { tenantId?: TenantIdType } = ids.type === 'uuid' ? {} : { tenantId: ids.type }

/** The type of a tenant column in SQL. */
export const tenantColumnType = { uuid: 'uuid', text: 'text collate "C"', bigint: 'bigint' }[ids.type]

/** What an id must be, as messages say it. */
export const tenantIdMust = {
  uuid: '8-4-4-4-12 hex digits',
  text: '1 to 128 of A-Z, a-z, 0-9, "_", "." and "-", the first a letter or digit',
  bigint: 'a whole number from 1 to 9223372036854775807, without leading zeros',
}[ids.type]

const start = 2n ** 62n + BigInt(Math.floor(Math.random() * 2 ** 40)) * 2n ** 20n
let count = 0n
const random: Record<TenantIdType, () => string> = {
  uuid: () => crypto.randomUUID(),
  // All of a process differ in case alone: the letters are the bits of a number.
  text: () => {
    count += 1n
    const letters = [...'tenantsofthetestsofrowhouse']
    const cased = letters.map((letter, bit) => ((count >> BigInt(bit)) & 1n ? letter.toUpperCase() : letter))
    return `${cased.join('')}._-${start}`
  },
  // All of a process are the same number in JavaScript, and as long as each other.
  bigint: () => {
    count += 1n
    return String(start + count)
  },
}

/** Returns the id of a new tenant. */
export const newTenant = (): string => random[ids.type]()

/** Returns another spelling of the same id: a uuid in upper case. Ids of another type have one spelling. */
export const respelled = (id: string): string => (ids.type === 'uuid' ? id.toUpperCase() : id)

/** Runs work as a tenant, as `withTenant` of the kit does. */
export const withTenant = <T>(id: string, work: () => T, options: WithTenantOptions = {}): T =>
  withTenantOf(id, work, { ...tenantIds, ...options })

/** Returns the context of a tenant, for `runInContext`. */
export function contextOf(id: string): TenantContext {
  const tenantId = ids.parse(id)
  if (tenantId === undefined) throw new TypeError(`${id} is no tenant id of type ${ids.type}`)
  return ids.type === 'uuid' ? { tenantId } : { tenantId, tenantIdType: ids.type }
}

/** The project of the service with tenant columns of this type, as options of `migrate`. */
export const project: { tenantId?: TenantIdType; migrations?: string } =
  ids.type === 'uuid' ? {} : { ...tenantIds, migrations: migrationsOfType() }

/** What drizzle-kit would generate from a schema with `tenantColumns({ tenantId })`. */
function migrationsOfType(): string {
  const folder = join(newFastFolder(), 'drizzle')
  cpSync(join(import.meta.dir, '../drizzle'), folder, { recursive: true })
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.sql'))) {
    const text = readFileSync(join(folder, name), 'utf8')
    writeFileSync(join(folder, name), text.replaceAll('"tenant_id" uuid', `"tenant_id" ${tenantColumnType}`))
  }
  return folder
}

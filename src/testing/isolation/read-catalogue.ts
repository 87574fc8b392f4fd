import { sql } from 'drizzle-orm'
import type { TenantDatabase } from '../../database/index.ts'
import { relationsQuery, typesQuery } from './catalogue-query.ts'
import { asNewTenant } from './new-tenant.ts'

/** The values of one row by column, as PostgreSQL's input functions read them; JSON for a json column. */
export type Row = Record<string, unknown>

/** `schema.name`, quoted as PostgreSQL quotes it. */
export type Label = string

export interface Column {
  name: string
  type: number
  modifier: number
  isNotNull: boolean
  hasDefault: boolean
  isGenerated: boolean
  identity: '' | 'a' | 'd'
  maySelect: boolean
  mayInsert: boolean
  mayUpdate: boolean
}

export interface Check {
  /** Empty for partition bounds: PostgreSQL names no constraint when a row has no partition. */
  name: string
  definition: string
  columns: string[]
}

export interface Reference {
  name: string
  parent: Label
  parentSchema: string
  parentName: string
  isDeferrable: boolean
  /** Pairs of a column here and one of the parent. */
  columns: [here: string, there: string][]
}

/** A relation with the tenant column, with the privileges of the serving role. */
export interface Relation {
  label: Label
  schema: string
  name: string
  /** Table, partitioned table, view, materialized view, foreign table. */
  kind: 'r' | 'p' | 'v' | 'm' | 'f'
  isPartition: boolean
  /** Whether row-level security is active for this role. */
  isBound: boolean
  isReachable: boolean
  mayDelete: boolean
  columns: Column[]
  /** Primary key first, then unique and exclusion constraints and indexes. */
  keys: { name: string; isPrimary: boolean; isDeferrable: boolean; columns: string[] }[]
  checks: Check[]
  references: Reference[]
}

export interface Type {
  oid: number
  name: string
  /** Base, composite, domain, enum, multirange, pseudo, range. */
  kind: 'b' | 'c' | 'd' | 'e' | 'm' | 'p' | 'r'
  category: string
  base: number
  modifier: number
  isNotNull: boolean
  element: number
  subtype: number
  labels: string[]
  checks: { name: string; definition: string }[]
}

export interface Catalogue {
  relations: Relation[]
  types: Map<number, Type>
  /** As PostgreSQL's `server_version_num`: 180001. */
  serverVersion: number
}

/** Reads the relations with the tenant column and their types. */
export async function readCatalogue(db: TenantDatabase, tenantColumn: string): Promise<Catalogue> {
  return await asNewTenant(db, () =>
    db.read(async (tx) => {
      const relations = await tx.execute<{ relation: Relation }>(relationsQuery(tenantColumn))
      const types = await tx.execute<{ type: Type }>(typesQuery(tenantColumn))
      const [server] = await tx.execute<{ version: number }>(
        sql`select current_setting('server_version_num')::int as version`,
      )
      return {
        relations: relations.map(({ relation }) => relation),
        types: new Map(types.map(({ type }) => [type.oid, type])),
        serverVersion: server?.version ?? 0,
      }
    }),
  )
}

/** Whether rows are inserted into it directly: rows of views and partitions come from their tables. */
export const isRoot = (relation: Relation): boolean => isTable(relation) && !relation.isPartition

export const isTable = ({ kind }: Relation): boolean => kind === 'r' || kind === 'p'

/** A type with its base types: a domain, its base domain and the base type of that. */
export function layersOf(oid: number, types: Catalogue['types']): Type[] {
  const type = types.get(oid)
  return type ? [type, ...layersOf(type.base, types)] : []
}

/** Whether a JSON document holds values of a type as JSON and not as text. */
export const isJson = (oid: number, types: Catalogue['types']): boolean =>
  layersOf(oid, types).some(({ name }) => name === 'json' || name === 'jsonb')

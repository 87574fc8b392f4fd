import { sql } from 'drizzle-orm'
import { withTenant } from '../../context/index.ts'
import type { TenantDatabase } from '../../database/index.ts'
import { relationsQuery, typesQuery } from './catalogue-query.ts'

/** Values of one row by column: what PostgreSQL's input functions read, or JSON for a json column. */
export type Row = Record<string, unknown>

/** `schema.name`, quoted where PostgreSQL quotes. */
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
  /** Empty for the bounds of partitions: PostgreSQL names no constraint when it refuses a row that fits none. */
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

/** A relation with the tenant column, as the catalogue shows it to the serving role. */
export interface Relation {
  label: Label
  schema: string
  name: string
  /** Table, partitioned table, view, materialized view, foreign table. */
  kind: 'r' | 'p' | 'v' | 'm' | 'f'
  isPartition: boolean
  /** Row security is active on it for this role. */
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

/** Reads what the serving role can see of the relations of tenants. */
export async function readCatalogue(db: TenantDatabase, tenantColumn: string): Promise<Catalogue> {
  return await withTenant(crypto.randomUUID(), () =>
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

/** Tables that rows are made in directly; rows of views and partitions come from the tables they belong to. */
export const isRoot = (relation: Relation): boolean => isTable(relation) && !relation.isPartition

export const isTable = ({ kind }: Relation): boolean => kind === 'r' || kind === 'p'

/** A type with the types below it: a domain, the domain that it is over, and what that is over. */
export function layersOf(oid: number, types: Catalogue['types']): Type[] {
  const type = types.get(oid)
  return type ? [type, ...layersOf(type.base, types)] : []
}

/** Whether values of a type stand in a JSON document as they are, and not as their text. */
export const isJson = (oid: number, types: Catalogue['types']): boolean =>
  layersOf(oid, types).some(({ name }) => name === 'json' || name === 'jsonb')

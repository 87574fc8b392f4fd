import { is } from 'drizzle-orm'
import { getMaterializedViewConfig, getViewConfig, PgMaterializedView, PgView } from 'drizzle-orm/pg-core'
import { type Connection, query } from '../../database/index.ts'
import type { Finding } from '../../isolation/index.ts'
import { quotedName, quotedNameOf } from '../../text/index.ts'
import type { RowhouseConfig } from '../config.ts'
import { loadModule } from '../load-module.ts'
import { listing, qualify } from './read-schema.ts'
import { schemaFiles } from './schema-files.ts'

/** A view of a Drizzle schema. */
export interface SchemaView {
  /** `schema.view`, quoted where a regclass needs quotes. */
  label: string
  isMaterialized: boolean
  /** Whether it runs with the rights of the role that queries it; undefined for a view that SQL of the project creates. */
  isInvoker: boolean | undefined
  isShared: boolean
  isUnreachable: boolean
}

/** Reads the views of a project's Drizzle schema, in the order of their labels. */
export async function readViews(project: RowhouseConfig): Promise<SchemaView[]> {
  const views = new Map<string, SchemaView>()
  for (const path of await schemaFiles(project))
    for (const value of Object.values(await loadModule(path, project.folder))) {
      const view = toSchemaView(value, project)
      if (view) views.set(view.label, view)
    }
  return [...views.values()].toSorted((a, b) => (a.label < b.label ? -1 : 1))
}

function toSchemaView(value: unknown, project: RowhouseConfig): SchemaView | undefined {
  if (is(value, PgView)) {
    const { schema, name, with: options, isExisting } = getViewConfig(value)
    const label = qualify(schema, name)
    const isInvoker = isExisting ? undefined : options?.securityInvoker === true
    return { label, isMaterialized: false, isInvoker, ...listing(label, project) }
  }
  if (!is(value, PgMaterializedView)) return undefined
  const { schema, name } = getMaterializedViewConfig(value)
  const label = qualify(schema, name)
  return { label, isMaterialized: true, isInvoker: false, ...listing(label, project) }
}

/** Whether the serving role may read it. What SQL of the project creates is judged by the isolation check of the migration. */
export const isReadable = ({ isInvoker, isShared }: SchemaView): boolean => isShared || isInvoker !== false

/** Views that would show the rows of all tenants, so that the serving role gets no privilege on them. */
export const viewFindings = (views: SchemaView[]): Finding[] =>
  views
    .filter((view) => !isReadable(view) && !view.isUnreachable)
    .map(({ label, isMaterialized }) => (isMaterialized ? materialized(label) : withOwnersRights(label)))

const withOwnersRights = (object: string): Finding => ({
  level: 'error',
  check: 'view',
  guarantee: 15,
  object,
  problem: "the view runs with its owner's rights, so the serving role cannot read it",
  remedy: '.with({ securityInvoker: true }) before .as(…): the view then shows the rows of the tenant that queries it.',
})

const materialized = (object: string): Finding => ({
  level: 'error',
  check: 'without-row-security',
  guarantee: 15,
  object,
  problem:
    'a materialized view has no row-level security: it would show the rows of all tenants, so the serving role cannot read it',
  remedy: `Use a view with .with({ securityInvoker: true }), or a table with the tenant column. Without rows of tenants: shared: [${JSON.stringify(object)}]. For other roles only: unreachable: [${JSON.stringify(object)}]`,
})

/** Views of the schema that a database lacks. */
export async function compareViews(connection: Connection, views: SchemaView[]): Promise<Finding[]> {
  const rows = await query(connection, missingViews, [
    JSON.stringify(views.map(({ label }) => ({ label, quoted: quotedName(label) }))),
  ])
  return rows.map(({ label }) => ({
    level: 'error',
    check: 'schema-differs',
    guarantee: 27,
    object: String(label),
    problem: 'the view is in the schema and not in the database',
    remedy: 'Run "drizzle-kit generate" and read the new migration.',
  }))
}

const missingViews = `
select value ->> 'label' as label from json_array_elements($1::text::json) with ordinality as given (value, place)
where not exists (
  select from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('v', 'm') and ${quotedNameOf('nspname', 'relname')} = value ->> 'quoted')
order by place`

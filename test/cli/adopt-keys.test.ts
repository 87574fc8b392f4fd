import { describe, expect, test } from 'bun:test'
import { adopt } from './adopt.ts'

describe('unique keys in the migration of existing rows', () => {
  /** The statements about unique keys of one table. */
  const uniqueKeys = async (columns: string, keys: string, ...flags: string[]) => {
    const imports =
      "import { sql } from 'drizzle-orm'\nimport { pgTable, text, unique, uniqueIndex, uuid } from 'drizzle-orm/pg-core'"
    const members = `export const members = pgTable('members', { orgId: uuid('org_id').notNull(), ${columns} }, (t) => [${keys}])`
    const outcome = await adopt(`${imports}\n${members}`, 'members.org_id', ...flags)
    return { ...outcome, statements: outcome.statements.filter((line) => /unique|index/.test(line)) }
  }

  test('of an index without a name have the names of drizzle-kit', async () => {
    const { statements } = await uniqueKeys("email: text('email')", 'uniqueIndex().on(t.email)')
    expect(statements).toEqual([
      'drop index public.members_email_index;',
      'create unique index members_tenant_id_email_index on public.members (tenant_id, email);',
    ])
  })

  test('of an index that has the tenant later begin with it', async () => {
    const flags = ['--tenant-column', 'org_id']
    const { statements } = await uniqueKeys("email: text('email')", 'uniqueIndex().on(t.email, t.orgId)', ...flags)
    expect(statements).toEqual([
      'drop index public.members_email_org_id_index;',
      'create unique index members_org_id_email_index on public.members (org_id, email);',
    ])
  })

  test('of columns that are named by casing have the names of drizzle-kit', async () => {
    const columns = 'emailAddress: text(), nickName: text().unique()'
    const keys = 'unique().on(t.emailAddress), uniqueIndex().on(t.emailAddress)'
    const { statements } = await uniqueKeys(columns, keys, '--casing', 'snake_case')
    expect(statements).toEqual([
      'alter table public.members drop constraint members_emailAddress_unique, add constraint members_tenant_id_emailAddress_unique unique (tenant_id, email_address);',
      'alter table public.members drop constraint members_nickName_unique, add constraint members_tenant_id_nickName_unique unique (tenant_id, nick_name);',
      'drop index public.members_email_address_index;',
      'create unique index members_tenant_id_email_address_index on public.members (tenant_id, email_address);',
    ])
  })

  test('of an index keep the order, the operator classes, the expressions and the options', async () => {
    const index = `uniqueIndex('members_key').on(t.a.desc().nullsLast(), t.b.op('text_pattern_ops'), t.c.desc(), t.d.nullsFirst(), sql\`lower(\${t.a}) desc\`).with({ fillfactor: 70 })`
    const columns = ['a', 'b', 'c', 'd'].map((name) => `${name}: text('${name}')`).join(', ')
    const { statements } = await uniqueKeys(columns, index)
    expect(statements).toEqual([
      'drop index public.members_key;',
      'create unique index members_key on public.members (tenant_id, a desc nulls last, b text_pattern_ops, c desc nulls last, d nulls first, lower(a) desc) with (fillfactor=70);',
    ])
  })
})

import { expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createOwnedDatabases, kindsOfOwners, protectNotes } from '../migrate/owners.ts'
import { copyProject } from '../migrate/project.ts'

const owned = createOwnedDatabases()
const page = await readFile(join(import.meta.dir, '../../docs/migrations.md'), 'utf8')
const examples = [...page.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, text = '']) => text)
const notes = `create type mood as enum ('lively');
  create table notes (tenant_id uuid not null default tenancy.current_tenant_id(), id int not null, kind text, parent_id int,
    primary key (tenant_id, id));
  create index on notes (tenant_id, parent_id)`

test.each(kindsOfOwners)(
  'every example of docs/migrations.md runs as a migration of an owner that is %s',
  async (owner) => {
    const { url, sql } = await owned.createEmpty(owner)
    await using project = await copyProject()
    await project.addMigration('0001_notes', notes)
    await project.change('sql/40-protected-tables.sql', (text) => text + protectNotes)
    await project.migrate({ url })
    await sql`insert into notes select gen_random_uuid(), 1, null, 1 from generate_series(1, 2)`
    for (const [index, text] of examples.entries()) await project.addMigration(`000${index + 2}_example`, text)
    expect(await project.migrate({ url })).toHaveLength(3)
    expect([...(await sql`select kind, mood from notes`)]).toEqual([
      { kind: 'text', mood: 'calm' },
      { kind: 'text', mood: 'calm' },
    ])
  },
)

import type { Fault, ThirdPartyDatabase } from '../third-party-database.ts'

/** Keys, indexes and references. */
export const keys = ({ table }: ThirdPartyDatabase): Record<string, Fault> => ({
  'a unique key without the tenant': {
    sql: `${table('unique_notes')} create unique index unique_note on crm.unique_notes (note)`,
    finds: [['key-without-tenant', 'crm.unique_notes', 'crm.unique_note does not begin with org_id']],
  },
  'a primary key without the tenant': {
    sql: `${table('numbered', '', 'primary key (id)')} create index on crm.numbered (org_id)`,
    finds: [['key-without-tenant', 'crm.numbered', 'crm.numbered_pkey does not begin with org_id']],
  },
  'an exclusion constraint without the tenant': {
    sql: `${table('booked', ', during int4range')} alter table crm.booked add constraint once exclude using gist (during with &&)`,
    finds: [
      ['key-without-tenant', 'crm.booked', 'crm.once does not begin with org_id'],
      [
        'index-operator',
        'crm.booked',
        'crm.once has an operator that is not LEAKPROOF, so queries under row-level security cannot use it',
      ],
    ],
  },
  'an index without the tenant': {
    sql: `${table('indexed')} create index notes_only on crm.indexed (note)`,
    finds: [['index-without-tenant', 'crm.indexed', 'crm.notes_only does not begin with org_id']],
  },
  'no index': {
    sql: table('unindexed', '', ''),
    finds: [['no-tenant-index', 'crm.unindexed', "no index begins with org_id: every query reads every tenant's rows"]],
  },
  'a foreign key without the tenant': {
    sql: `${table('parent', '', 'primary key (org_id, id)')} create unique index parent_ids on crm.parent (id);
      ${table('tasks')} alter table crm.tasks add constraint tasks_parent foreign key (id) references crm.parent (id)`,
    finds: [
      ['key-without-tenant', 'crm.parent', 'crm.parent_ids does not begin with org_id'],
      ['foreign-key-without-tenant', 'crm.tasks', 'foreign key tasks_parent leaves the tenant out'],
    ],
  },
  'a foreign key that sets the tenant to null': {
    sql: `${table('nulled')} alter table crm.nulled add constraint nulls foreign key (org_id, id) references crm.sound on delete set null`,
    finds: [
      [
        'foreign-key-resets-tenant',
        'crm.nulled',
        'foreign key nulls can set the tenant column to null or to its default',
      ],
    ],
  },
  'a foreign key that is NOT VALID': {
    sql: `${table('unproven')} alter table crm.unproven add constraint later foreign key (org_id, id) references crm.sound not valid`,
    finds: [
      [
        'foreign-key-not-validated',
        'crm.unproven',
        'foreign key later is NOT VALID: PostgreSQL has not checked the existing rows',
      ],
    ],
  },
  'a foreign key that is disabled': {
    sql: `${table('unenforced')} alter table crm.unenforced add constraint idle foreign key (org_id, id) references crm.sound;
      alter table crm.unenforced disable trigger all`,
    finds: [['foreign-key-not-enforced', 'crm.unenforced', 'foreign key idle is not enforced']],
  },
})

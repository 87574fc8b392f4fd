import type { Fault, SomebodyElses } from '../somebody-elses.ts'

/** Keys, indexes and references. */
export const keys = ({ table }: SomebodyElses): Record<string, Fault> => ({
  'a unique key of all tenants': {
    sql: `${table('unique_notes')} create unique index unique_note on crm.unique_notes (note)`,
    finds: [['key-without-tenant', 'crm.unique_notes', 'crm.unique_note does not begin with org_id']],
  },
  'a primary key of all tenants': {
    sql: `${table('numbered', '', 'primary key (id)')} create index on crm.numbered (org_id)`,
    finds: [['key-without-tenant', 'crm.numbered', 'crm.numbered_pkey does not begin with org_id']],
  },
  'an exclusion of all tenants': {
    sql: `${table('booked', ', during int4range')} alter table crm.booked add constraint once exclude using gist (during with &&)`,
    finds: [
      ['key-without-tenant', 'crm.booked', 'crm.once does not begin with org_id'],
      ['index-operator', 'crm.booked', 'crm.once has an operator that row security keeps from using it'],
    ],
  },
  'an index without the tenant': {
    sql: `${table('indexed')} create index notes_only on crm.indexed (note)`,
    finds: [['index-without-tenant', 'crm.indexed', 'crm.notes_only does not begin with org_id']],
  },
  'no index at all': {
    sql: table('unindexed', '', ''),
    finds: [['no-tenant-index', 'crm.unindexed', "no index begins with org_id: every query reads every tenant's rows"]],
  },
  'a foreign key without the tenant': {
    sql: `${table('parent', '', 'primary key (org_id, id)')} create unique index parent_ids on crm.parent (id);
      ${table('lax')} alter table crm.lax add constraint lax_parent foreign key (id) references crm.parent (id)`,
    finds: [
      ['key-without-tenant', 'crm.parent', 'crm.parent_ids does not begin with org_id'],
      ['foreign-key-without-tenant', 'crm.lax', 'foreign key lax_parent leaves the tenant out'],
    ],
  },
  'a foreign key that nulls the tenant': {
    sql: `${table('nulled')} alter table crm.nulled add constraint nulls foreign key (org_id, id) references crm.sound on delete set null`,
    finds: [['foreign-key-resets-tenant', 'crm.nulled', 'foreign key nulls could null or reset the tenant']],
  },
  'a foreign key that older rows escaped': {
    sql: `${table('unproven')} alter table crm.unproven add constraint later foreign key (org_id, id) references crm.sound not valid`,
    finds: [['foreign-key-not-validated', 'crm.unproven', 'foreign key later was never checked against older rows']],
  },
  'a foreign key that is switched off': {
    sql: `${table('unenforced')} alter table crm.unenforced add constraint idle foreign key (org_id, id) references crm.sound;
      alter table crm.unenforced disable trigger all`,
    finds: [['foreign-key-not-enforced', 'crm.unenforced', 'foreign key idle is not enforced']],
  },
})

import { type Fault, policyText, type SomebodyElses } from '../somebody-elses.ts'

/** Tables, their tenant column and their policies. */
export const policies = ({ role, tenant, table }: SomebodyElses): Record<string, Fault> => ({
  'row security off': {
    sql: `${table('off')} alter table crm.off disable row level security`,
    finds: [['row-security-enabled', 'crm.off', 'row security is not enabled']],
  },
  'row security not forced': {
    sql: `${table('unforced')} alter table crm.unforced no force row level security`,
    finds: [['row-security-forced', 'crm.unforced', 'row security is not forced on its owner']],
  },
  'a tenant that may be null': {
    sql: `${table('nullable', '', 'unique (org_id, id)')} alter table crm.nullable alter column org_id drop not null`,
    finds: [['tenant-not-null', 'crm.nullable', 'its tenant column may be null']],
  },
  'a tenant of text': {
    sql: `
      create table crm.texts (org_id text not null default (crm.current_org())::text, id int, primary key (org_id, id));
      alter table crm.texts enable row level security; alter table crm.texts force row level security;
      create policy own on crm.texts using (org_id = (select crm.current_org()::text));
      create policy fence on crm.texts as restrictive using (org_id = (select crm.current_org()::text))`,
    finds: [['tenant-type', 'crm.texts', 'its tenant column is text and not uuid']],
  },
  'a tenant that the caller writes': {
    sql: `${table('undefaulted')} alter table crm.undefaulted alter column org_id drop default`,
    finds: [['tenant-default', 'crm.undefaulted', 'its tenant column is not written by the database']],
  },
  'a table without a tenant': {
    sql: `create table crm.settings (name text); grant select (name) on crm.settings to ${role}`,
    finds: [['reachable-without-tenant', 'crm.settings', 'the serving role can reach it, and it has no tenant column']],
  },
  'a sequence': {
    sql: `create sequence crm.invoice_numbers; grant usage on sequence crm.invoice_numbers to ${role}`,
    finds: [['sequence', 'crm.invoice_numbers', 'the serving role can read a sequence that all tenants move']],
  },
  'no policy for the role': {
    sql: `${table('closed')} drop policy own on crm.closed`,
    finds: [['policy-missing', 'crm.closed', 'it has no tenant policy']],
  },
  'no fence': {
    sql: `${table('fenceless')} drop policy fence on crm.fenceless`,
    finds: [['restrictive-policy-missing', 'crm.fenceless', 'it has no restrictive policy']],
  },
  'a fence that checks writes alone': {
    sql: `${table('half_fenced')} drop policy fence on crm.half_fenced;
      create policy fence on crm.half_fenced as restrictive with check ${tenant}`,
    finds: [['restrictive-policy-missing', 'crm.half_fenced', 'it has no restrictive policy']],
  },
  'USING (true), with a row in the table': {
    sql: `${table('open')} insert into crm.open (org_id, id) values (gen_random_uuid(), 1);
      alter policy own on crm.open using (true); alter policy fence on crm.open using (true)`,
    finds: [
      ['policy-text', 'crm.open', policyText('own', 'using true')],
      ['restrictive-policy-missing', 'crm.open', 'it has no restrictive policy'],
      ['rows-without-tenant', 'crm.open', 'it shows rows without a tenant'],
    ],
  },
  'WITH CHECK (true)': {
    sql: `${table('unchecked')} alter policy own on crm.unchecked with check (true)`,
    finds: [['policy-text', 'crm.unchecked', policyText('own', 'with check true')]],
  },
  'a policy with a way out': {
    sql: `${table('either')} alter policy own on crm.either using (${tenant} or note = 'public')`,
    finds: [
      [
        'policy-text',
        'crm.either',
        policyText('own', `using ((org_id = ( SELECT crm.current_org() AS current_org)) OR (note = 'public'::text))`),
      ],
    ],
  },
  'a tenant compared with itself': {
    sql: `${table('mirrored')} alter policy own on crm.mirrored using (org_id = org_id)`,
    finds: [['policy-text', 'crm.mirrored', policyText('own', 'using (org_id = org_id)')]],
  },
  'another tenant’s setting': {
    sql: `${table('elsewhere')} alter policy own on crm.elsewhere using (org_id = current_setting('crm.other')::uuid)`,
    finds: [
      [
        'policy-text',
        'crm.elsewhere',
        policyText('own', `using (org_id = (current_setting('crm.other'::text))::uuid)`),
      ],
    ],
  },
  'a second policy that opens all': {
    sql: `${table('sloppy')} create policy support on crm.sloppy for select using (true)`,
    finds: [
      ['policy-text', 'crm.sloppy', policyText('support', 'using true')],
      [
        'policy-several',
        'crm.sloppy',
        'it has more than one permissive policy for SELECT, and they are ORed: own, support',
      ],
    ],
  },
  'a second policy that says the same': {
    sql: `${table('twice')} create policy "again, please" on crm.twice for delete using ${tenant}`,
    finds: [
      [
        'policy-several',
        'crm.twice',
        'it has more than one permissive policy for DELETE, and they are ORed: own, "again, please"',
      ],
    ],
  },
  'a policy for another role': {
    sql: `${table('reported')} create policy reports on crm.reported for select to pg_monitor using (true)`,
    finds: [['policy-other-role', 'crm.reported', 'its policy reports opens it to another role']],
  },
  'a policy that asks once a row': {
    sql: `${table('slow')} alter policy own on crm.slow using (org_id = crm.current_org())`,
    finds: [['policy-once', 'crm.slow', 'its policy own asks for the tenant once a row, in using']],
  },
})

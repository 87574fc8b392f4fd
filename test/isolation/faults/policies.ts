import { type Fault, policyText, type ThirdPartyDatabase } from '../third-party-database.ts'

/** Tables, their tenant column and their policies. */
export const policies = ({ role, tenant, table }: ThirdPartyDatabase): Record<string, Fault> => ({
  'row-level security disabled': {
    sql: `${table('off')} alter table crm.off disable row level security`,
    finds: [['row-security-enabled', 'crm.off', 'row-level security is not enabled']],
  },
  'row-level security not forced': {
    sql: `${table('unforced')} alter table crm.unforced no force row level security`,
    finds: [['row-security-forced', 'crm.unforced', 'row-level security is not forced on its owner']],
  },
  'a tenant that may be null': {
    sql: `${table('nullable', '', 'unique (org_id, id)')} alter table crm.nullable alter column org_id drop not null`,
    finds: [['tenant-not-null', 'crm.nullable', 'its tenant column may be null']],
  },
  'a tenant column of type text': {
    sql: `
      create table crm.texts (org_id text not null default (crm.current_org())::text, id int, primary key (org_id, id));
      alter table crm.texts enable row level security; alter table crm.texts force row level security;
      create policy own on crm.texts using (org_id = (select crm.current_org()::text));
      create policy restrictive on crm.texts as restrictive using (org_id = (select crm.current_org()::text))`,
    finds: [['tenant-type', 'crm.texts', 'its tenant column is text, not uuid']],
  },
  'a tenant column whose collation takes two ids for one': {
    sql: `create collation crm.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      create table crm.folded (id uuid, org_id text collate crm.any_case not null default (crm.current_org()::text), primary key (org_id, id));
      alter table crm.folded enable row level security; alter table crm.folded force row level security;
      create policy own on crm.folded using (org_id = (select crm.current_org()::text));
      create policy restrictive on crm.folded as restrictive using (org_id = (select crm.current_org()::text))`,
    finds: [
      ['tenant-type', 'crm.folded', 'its tenant column is text, not uuid'],
      ['tenant-collation', 'crm.folded', 'its tenant column has the collation crm.any_case, not "C"'],
    ],
  },
  'a table without a tenant column': {
    sql: `create table crm.settings (name text); grant select (name) on crm.settings to ${role}`,
    finds: [['reachable-without-tenant', 'crm.settings', 'the serving role can reach it, and it has no tenant column']],
  },
  'a table that the configuration lists as unreachable': {
    sql: `create table crm.sessions (token text); grant select on crm.sessions to ${role}`,
    finds: [['unreachable', 'crm.sessions', 'the serving role can reach it, and it is listed as unreachable']],
  },
  'a sequence': {
    sql: `create sequence crm.invoice_numbers; grant usage on sequence crm.invoice_numbers to ${role}`,
    finds: [['sequence', 'crm.invoice_numbers', 'the serving role can read a sequence that all tenants share']],
  },
  'no policy for the role': {
    sql: `${table('closed')} drop policy own on crm.closed`,
    finds: [['policy-missing', 'crm.closed', 'it has no permissive policy for the serving role']],
  },
  'no restrictive policy': {
    sql: `${table('permissive_only')} drop policy restrictive on crm.permissive_only`,
    finds: [
      [
        'restrictive-policy-missing',
        'crm.permissive_only',
        'it has no restrictive policy that limits every command to the tenant',
      ],
    ],
  },
  'a restrictive policy for writes only': {
    sql: `${table('writes_only')} drop policy restrictive on crm.writes_only;
      create policy restrictive on crm.writes_only as restrictive with check ${tenant}`,
    finds: [
      [
        'restrictive-policy-missing',
        'crm.writes_only',
        'it has no restrictive policy that limits every command to the tenant',
      ],
    ],
  },
  'USING (true), with a row in the table': {
    sql: `${table('open')} insert into crm.open (org_id, id) values (gen_random_uuid(), 1);
      alter policy own on crm.open using (true); alter policy restrictive on crm.open using (true)`,
    finds: [
      ['policy-text', 'crm.open', policyText('own', 'using true')],
      [
        'restrictive-policy-missing',
        'crm.open',
        'it has no restrictive policy that limits every command to the tenant',
      ],
      ['rows-without-tenant', 'crm.open', 'it returns rows without a tenant'],
    ],
  },
  'WITH CHECK (true)': {
    sql: `${table('unchecked')} alter policy own on crm.unchecked with check (true)`,
    finds: [['policy-text', 'crm.unchecked', policyText('own', 'with check true')]],
  },
  'a policy with OR': {
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
  'a second policy USING (true)': {
    sql: `${table('second_policy')} create policy support on crm.second_policy for select using (true)`,
    finds: [
      ['policy-text', 'crm.second_policy', policyText('support', 'using true')],
      [
        'policy-several',
        'crm.second_policy',
        'it has more than one permissive policy for SELECT, combined with OR: own, support',
      ],
    ],
  },
  'a second policy with the same condition': {
    sql: `${table('twice')} create policy "again, please" on crm.twice for delete using ${tenant}`,
    finds: [
      [
        'policy-several',
        'crm.twice',
        'it has more than one permissive policy for DELETE, combined with OR: own, "again, please"',
      ],
    ],
  },
  'a policy for another role': {
    sql: `${table('reported')} create policy reports on crm.reported for select to pg_monitor using (true)`,
    finds: [
      [
        'policy-other-role',
        'crm.reported',
        'its policy reports applies to another role and does not limit rows to the tenant',
      ],
    ],
  },
  'a policy that calls the function once a row': {
    sql: `${table('slow')} alter policy own on crm.slow using (org_id = crm.current_org())`,
    finds: [['policy-once', 'crm.slow', 'its policy own calls the tenant function once a row, in using']],
  },
})

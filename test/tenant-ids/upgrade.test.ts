import { expect, test } from 'bun:test'
import { createHash, createHmac, hkdfSync } from 'node:crypto'
import { createTenantSigner, type TenantSigner } from '../../src/database/index.ts'
import { createIsolationCheck } from '../../src/isolation/index.ts'
import { asOwner, type TestDatabase } from '../database.ts'
import { newTenant } from '../tenants.ts'
import { migrateTo, openAs, openDatabaseOf } from './open-database.ts'

const secret = 'the secret of this test, which has 40 ch'

/** The signature of the release before: tenant.expiry.key.mac. */
const signedAsBefore: TenantSigner = (tenantId) => {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'rowhouse tenant context', 32))
  const id = createHash('sha256').update(key).digest('hex').slice(0, 8)
  const signed = `${tenantId}.${Math.floor(Date.now() / 1000) + 60}.${id}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('hex')}`
}

// The functions of the release before tenant ids had a type.
const signedBefore = `create or replace function tenancy.current_tenant_id() returns uuid
      language plpgsql stable parallel safe security definer set search_path = pg_catalog
    as $$
    declare
      signed constant text := current_setting('app.current_tenant', true);
      inside bytea;
      outside bytea;
    begin
      if signed is null or signed = '' then
        return null;
      end if;
      select inner_key, outer_key into inside, outside from tenancy.signing_keys where id = substr(signed, 49, 8);
      if sha256(convert_to(substr(signed, 58), 'UTF8')) is distinct from sha256(convert_to(
        encode(sha256(outside || sha256(inside || convert_to(left(signed, 56), 'UTF8'))), 'hex'), 'UTF8'))
      then
        raise exception 'the tenant is not signed with a key of this database' using errcode = 'RH001';
      end if;
      if substr(signed, 38, 10)::bigint < extract(epoch from now()) then
        raise exception 'the signature of the tenant has expired' using errcode = 'RH002';
      end if;
      return left(signed, 36)::uuid;
    end $$`
const plainBefore = `create or replace function tenancy.current_tenant_id() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('app.current_tenant', true), '')::uuid`

async function problemsOf({ appUrl }: TestDatabase): Promise<string[]> {
  const isolation = createIsolationCheck({ url: appUrl })
  const findings = await isolation.inspect()
  await isolation.close()
  return findings.filter(({ check }) => check !== 'server-release').map(({ problem }) => problem)
}

test.each([
  ['plain', plainBefore, undefined, undefined, []],
  ['signed', signedBefore, signedAsBefore, createTenantSigner(secret), [secret]],
])(
  'a database of the release before with %s tenants keeps its rows and its policies',
  async (_, before, oldSigner, signer, signingSecrets) => {
    const { database, notes, as } = await openDatabaseOf('uuid', { signingSecrets })
    const owner = asOwner(database)
    await owner.unsafe(`${before}; drop function tenancy.find_tenant(text, text)`)
    await owner`insert into tenancy.tenants (slug, name) values ('acme', 'Acme')`
    const [a, b] = [newTenant(), newTenant()]
    const [oldService, service] = [openAs(database, { signer: oldSigner }), openAs(database, { signer })]
    const textsOf = (db: typeof service, tenant: string) =>
      as(tenant, () => db.read((tx) => tx.select({ text: notes.text }).from(notes)))
    for (const tenant of [a, b])
      await as(tenant, () => oldService.write((tx) => tx.insert(notes).values({ text: tenant })))

    const identities = () => owner`select oid, polname from pg_policy order by oid`
    const policies = await identities()
    await migrateTo(database, 'uuid', { signingSecrets })
    expect(await identities()).toEqual(policies)
    for (const tenant of [a, b]) {
      // The services are replaced one by one, after the migration.
      expect(await textsOf(oldService, tenant)).toEqual([{ text: tenant }])
      expect(await textsOf(service, tenant)).toEqual([{ text: tenant }])
    }
    expect(await problemsOf(database)).toEqual([])
    const app = asOwner({ ...database, ownerUrl: database.appUrl })
    expect(await app`select slug from tenancy.find_tenant('acme')`).toHaveLength(1)
    expect(await app`select slug from tenancy.find_tenant('slug', 'acme')`).toHaveLength(1)
  },
)

import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { asOwner } from '../database.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { openSignedDatabase, openUnsigned } from './stage.ts'

// An audit trigger beside the rows of a tenant: what it records as the actor, while an injection changes app.actor.

const { db, database } = await openSignedDatabase()
const owner = asOwner(database)
await owner`create table audit (name text, actor text)`

/** Records the actor that an expression reads, before or after each row that is updated. */
const audit = (reader: string, when: string) =>
  owner.unsafe(`
    truncate audit;
    create or replace function audit() returns trigger language plpgsql security definer set search_path = pg_catalog as $$ begin
      insert into public.audit values (new.name, ${reader});
      return new;
    end $$;
    create or replace trigger audit ${when} update on users for each row execute function audit()`)

const become = (actor: string) => `set_config('app.actor', '${actor}', true)`
/** The second row changes the actor, and the third one sets it back: no part of the statement but its rows sees the change. */
const thereAndBack = `update users set name = case name
  when '1' then 'one' when '2' then 'forged ' || ${become('ceo')} when '3' then 'three ' || ${become('mallory')} end`

/** Writes three rows of a tenant as `mallory`, and then runs the injection. */
async function inject(text: string): Promise<string> {
  const tenant = newTenant()
  const as = <T>(work: () => Promise<T>) => withTenant(tenant, work, { actor: 'mallory' })
  const rows = ['1', '2', '3'].map((name) => ({ name, email: `${name}@a.example` }))
  await as(() => db.write((tx) => tx.insert(users).values(rows)))
  return await as(() => db.write((tx) => tx.execute(sql.raw(text)))).then(
    () => 'committed',
    (error) => findDatabaseError(error)?.sqlstate ?? String(error),
  )
}

const actors = async () => (await owner`select distinct actor from audit`).map(({ actor }) => actor)

describe('with a signed tenant context', () => {
  test.each(['before', 'after'])(
    'no trigger %s a row takes a forged actor from tenancy.current_actor()',
    async (when) => {
      await audit('tenancy.current_actor()', when)
      expect(await inject(`update users set name = name || '!'`)).toBe('committed')
      expect(await actors()).toEqual(['mallory'])
      const outcome = await inject(thereAndBack)
      expect(await actors()).toEqual(['mallory'])
      // Behind the statement the actor is the signed one again.
      expect(outcome).toBe(when === 'before' ? 'RH003' : 'committed')
    },
  )

  test('a trigger before a row reads a forged actor from app.actor', async () => {
    await audit(`current_setting('app.actor')`, 'before')
    expect(await inject(thereAndBack)).toBe('committed')
    expect((await actors()).sort()).toEqual(['ceo', 'mallory'])
  })

  test('the actor is unknown to the login of the service without a tenant, and is the setting for an administrator', async () => {
    const read = (url: string) =>
      asOwner({ ...database, ownerUrl: url }).begin(async (tx) => {
        await tx`select set_config('app.actor', 'ceo', true)`
        return (await tx`select tenancy.current_actor() as actor`)[0]?.actor
      })
    expect(await read(database.appUrl)).toBeNull()
    expect(await read(database.ownerUrl)).toBe('ceo')
  })

  test.each(['ä¸­ 🎉 "quoted" a.b.c', '>>>???~~~', 'x'.repeat(255), undefined])(
    'tenancy.current_actor() reads the actor %j',
    async (actor) => {
      const [row] = await withTenant(
        newTenant(),
        () => db.read((tx) => tx.execute(sql`select tenancy.current_actor() as actor`)),
        { actor },
      )
      expect(row?.actor).toBe(actor ?? null)
    },
  )
})

test('without a key, tenancy.current_actor() is the setting', async () => {
  const unsigned = await openUnsigned()
  const read = () => unsigned.read((tx) => tx.execute(sql`select tenancy.current_actor() as actor`))
  expect((await withTenant(newTenant(), read, { actor: 'ada' }))[0]?.actor).toBe('ada')
  expect((await withTenant(newTenant(), read))[0]?.actor).toBeNull()
})

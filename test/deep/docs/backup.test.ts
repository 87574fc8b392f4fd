import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { migrate } from '../../../src/migrate/index.ts'
import { type PostgresServer, startPostgres } from '../../postgres.ts'
import { root, start } from '../../runtime/child.ts'

setDefaultTimeout(120_000)

// The packaged programs include neither pg_dump nor psql, and pg_dump refuses a newer server.
const installed = [
  process.env.TEST_POSTGRES_BIN ?? '',
  ...[18, 17, 16, 15, 14].map((n) => `/usr/lib/postgresql/${n}/bin`),
]
const bin = installed.find((folder) => existsSync(join(folder, 'pg_dump')) && existsSync(join(folder, 'postgres')))
const page = await readFile(join(root, 'docs/backup.md'), 'utf8')
const steps = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, step = '']) => step)
const folder = await mkdtemp(join(tmpdir(), 'rowhouse-backup-'))

describe.skipIf(bin === undefined)('docs/backup.md, with the programs of a PostgreSQL installation', () => {
  let old: PostgresServer
  let next: PostgresServer
  beforeAll(async () => {
    old = await startPostgres(undefined, bin)
    next = await startPostgres(undefined, bin)
  })
  afterAll(async () => {
    await old.stop()
    await next.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** Runs a statement as a superuser of a server. */
  async function ask({ ownerUrl }: PostgresServer, database: string, text: string): Promise<unknown[]> {
    const url = Object.assign(new URL(ownerUrl), { pathname: `/${database}` }).href
    const sql = postgres(url, { max: 1, onnotice: () => {} })
    return [...(await sql.unsafe(text).finally(() => sql.end()))]
  }

  async function run(script: string): Promise<{ code: number | null; output: string }> {
    const PATH = `${bin}:${join(process.execPath, '../..')}:${process.env.PATH}`
    await using child = start(['bash', '-c', `set -euo pipefail\n${script}`], { PATH })
    return { code: await child.exited, output: child.stdout + child.stderr }
  }

  test('every command runs, and the restored database has every row and passes the doctor', async () => {
    await ask(old, 'postgres', 'create database rowhouse')
    const password = 'change-me'
    for (const server of [old, next])
      await ask(server, 'postgres', `create role restorer superuser login password '${password}'`)
    const seed = 'DATABASE_URL=postgres://app_user:$APP_PASSWORD@$SERVER/rowhouse bun run seed --tenants 3 --tasks 10'
    const changes: [string, string][] = [
      ['OWNER=postgres PGPASSWORD=change-me', `OWNER=restorer PGPASSWORD=${password}`],
      ['localhost:5432', new URL(old.ownerUrl).host],
      ['localhost:5433', new URL(next.ownerUrl).host],
      ['rowhouse.dump', join(folder, 'rowhouse.dump')],
    ]
    const script = [steps[0], seed, ...steps.slice(1)].join('\n')
    const { code, output } = await run(changes.reduce((text, [from, to]) => text.replaceAll(from, to), script))
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' })
    expect(output).toContain('0 errors')
    expect(await ask(next, 'rowhouse', 'select * from tenancy.audit_trail order by tenant_id, at, id')).toEqual(
      await ask(old, 'rowhouse', 'select * from tenancy.audit_trail order by tenant_id, at, id'),
    )
    const counts = 'select tenant_id, count(*) from tasks group by 1 order by 1'
    const rows = await ask(old, 'rowhouse', counts)
    expect(rows).toHaveLength(3)
    expect(await ask(next, 'rowhouse', counts)).toEqual(rows)
    expect(
      await ask(next, 'rowhouse', `select has_database_privilege('app_user', 'rowhouse', 'TEMPORARY') as temporary`),
    ).toEqual([{ temporary: false }])
  })

  test('the restored database goes on with the audit trail and the trash, which belong to the recorder with every partition', async () => {
    const [before] = (await ask(next, 'rowhouse', 'select count(*)::int as n from tenancy.audit_trail')) as {
      n: number
    }[]
    await ask(next, 'rowhouse', `update tasks set title = 'restored'; delete from tasks`)
    expect(
      await ask(
        next,
        'rowhouse',
        `select (select count(*)::int from tenancy.audit_trail) as entries, (select count(*)::int from tenancy.trash) as trash,
          tenancy.append_audit_logs(1000) as appended, (select count(*)::int from tenancy.prune_audit(now())) as pruned,
          (select count(*)::int from pg_class where relname ~ '^(audit_|trash$)' and relkind in ('r', 'p')
            and relowner <> (select oid from pg_roles where rolname = (select name from tenancy.roles where purpose = 'recorder'))) as foreign`,
      ),
    ).toEqual([{ entries: (before?.n ?? 0) + 60, trash: 30, appended: (before?.n ?? 0) + 60, pruned: 0, foreign: 0 }])
    expect(
      await run(`psql '${next.ownerUrl.replace(/[^/]*$/, 'rowhouse')}' -c 'truncate tenancy.audit_entries'`),
    ).toMatchObject({
      code: 1,
      output: expect.stringContaining('entries of the audit trail do not change'),
    })
  })

  // So the number of a transaction says something in the same cluster only: we compare it with that of the present transaction.
  test('entries keep the numbers of the transactions of the old server, which the new one may give again', async () => {
    await ask(old, 'postgres', 'create database numbers')
    await ask(old, 'numbers', 'create table kept (xid xid8)')
    for (let n = 0; n < 20; n += 1) await ask(old, 'numbers', 'insert into kept values (pg_current_xact_id())')
    const kept = await ask(old, 'numbers', 'select xid from kept')
    await ask(next, 'postgres', 'create database numbers')
    const urls = [old, next].map(({ ownerUrl }) => `'${ownerUrl.replace(/[^/]*$/, 'numbers')}'`)
    const now = 'select pg_current_xact_id()::text::bigint as now'
    const [first] = (await ask(next, 'numbers', now)) as { now: string }[]
    expect(await run(`pg_dump ${urls[0]} | psql --quiet ${urls[1]} > ${folder}/numbers.log`)).toEqual({
      code: 0,
      output: '',
    })
    expect(await ask(next, 'numbers', 'select xid from kept')).toEqual(kept)
    const [second] = (await ask(next, 'numbers', now)) as { now: string }[]
    // The restore took its own numbers, whatever the old ones were.
    expect(Number(second?.now) - Number(first?.now)).toBeLessThan(20)
  })

  describe('for an owner that is no superuser', () => {
    const urlOf = (server: PostgresServer, database: string, username: string, password = 'x') =>
      Object.assign(new URL(server.ownerUrl), { pathname: `/${database}`, username, password }).href
    const insert = `insert into users (tenant_id, name, email) select gen_random_uuid(), 'Ada', 'ada@example.com' from generate_series(1, 2)`
    const dump = (login: string, flags = '') =>
      run(`pg_dump ${flags} --format=custom --file=${folder}/own.dump '${urlOf(old, 'own', login)}'`)

    beforeAll(async () => {
      for (const server of [old, next])
        await ask(server, 'postgres', `create role landlord login createrole password 'x'`)
      for (const server of [old, next]) await ask(server, 'postgres', 'create database own owner landlord')
      await migrate({ url: urlOf(old, 'own', 'landlord'), appPassword: 'x' })
      await ask(old, 'own', insert)
    })

    test('a dump as the owner is an error', async () => {
      for (const [flags, message] of [
        ['', 'permission denied for table audit_queue'],
        ['--enable-row-security', 'permission denied for table audit_queue'],
        ['--schema=public', 'query would be affected by row-level security policy'],
      ]) {
        const { code, output } = await dump('landlord', flags)
        expect([flags, code]).not.toEqual([flags, 0])
        expect(output).toContain(message ?? '')
      }
    })

    test('a dump of the tables of tenants as the owner with --enable-row-security has no rows and the exit code 0', async () => {
      expect(await dump('landlord', '--schema=public --enable-row-security')).toEqual({ code: 0, output: '' })
      const { output } = await run(`pg_restore --data-only --table=users --file=- ${folder}/own.dump`)
      expect(output).toContain('COPY public.users')
      expect(output).not.toContain('ada@example.com')
    })

    test('the owner restores a dump of app_backup, and migrates', async () => {
      await migrate({ url: urlOf(old, 'own', 'restorer', 'change-me'), backupPassword: 'x' })
      await ask(old, 'postgres', `alter role app_backup password 'x'`)
      expect(await dump('app_backup')).toEqual({ code: 0, output: '' })
      const restore = `pg_restore --no-owner --single-transaction --dbname='${urlOf(next, 'own', 'landlord')}' ${folder}/own.dump`
      const [row] = (await ask(old, 'own', `select name from tenancy.roles where purpose = 'recorder'`)) as {
        name: string
      }[]
      const role = `psql '${urlOf(next, 'own', 'landlord')}' --quiet -c 'create role ${row?.name} nologin'`
      expect(await run(`${role}\n${restore}`)).toEqual({ code: 0, output: '' })
      expect(await migrate({ url: urlOf(next, 'own', 'landlord') })).toEqual([])
      expect(await ask(next, 'own', 'select email from users')).toHaveLength(2)
    })
  })
})

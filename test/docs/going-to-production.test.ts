import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { carriesNames, pgbouncer } from '../pooler.ts'
import { freePort, startPostgres } from '../postgres.ts'
import { root, start } from '../runtime/child.ts'

setDefaultTimeout(120_000)

const page = await readFile(join(root, 'docs/going-to-production.md'), 'utf8')
const folder = await mkdtemp(join(tmpdir(), 'rowhouse-deploy-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const isRoot = process.getuid?.() === 0
// nginx can write its temporary files only as root.
const nginx = isRoot ? Bun.which('nginx') : null

/** Changes the page to ports of this test, and removes programs that are not installed. */
async function adapt(text: string, ownerUrl: string): Promise<string> {
  const ports = { postgres: new URL(ownerUrl).port, issuer: await freePort(), service: await freePort() }
  const pooler = pgbouncer ? await freePort() : ports.postgres
  const changes: [string | RegExp, string | number][] = [
    [/postgres:\/\/postgres:change-me@\S+/g, Object.assign(new URL(ownerUrl), { pathname: '/rowhouse' }).href],
    ['localhost:5432', `127.0.0.1:${ports.postgres}`],
    ['host=localhost port=5432', `host=127.0.0.1 port=${ports.postgres}`],
    // The page describes this change for PgBouncer below 1.21.
    ...(carriesNames
      ? []
      : ([
          ['max_prepared_statements = 200\n', ''],
          [/(?<=:6432\/rowhouse)/g, '?prepare=false'],
        ] as [RegExp | string, string][])),
    ['localhost:6432', `127.0.0.1:${pooler}`],
    ['listen_port = 6432', `listen_port = ${pooler}`],
    [/(?<=localhost:|--port )4000/g, ports.issuer],
    [/(?<=localhost:|127\.0\.0\.1:|PORT=)3000/g, ports.service],
    ['https://localhost:8443', nginx ? `https://localhost:${await freePort()}` : `http://localhost:${ports.service}`],
    ['"$PWD/deploy"', folder],
    [/\bdeploy\//g, `${folder}/`],
    // PgBouncer refuses to run as root.
    ['pgbouncer -q', isRoot ? 'pgbouncer -u postgres -q' : 'pgbouncer -q'],
    ...(pgbouncer ? [] : ([[/^.*pgbouncer -q.*$/gm, '']] as [RegExp, string][])),
    ...(nginx ? [] : ([[/^nginx .*$/gm, '']] as [RegExp, string][])),
  ]
  const adapted = changes.reduce((all, [from, to]) => all.replaceAll(from, String(to)), text)
  const [, proxy = '8443'] = /https:\/\/localhost:(\d+)/.exec(adapted) ?? []
  return adapted.replace('listen 8443', `listen ${proxy}`)
}

test('every command of docs/going-to-production.md runs and gives the status that the page shows', async () => {
  const server = await startPostgres()
  try {
    const owner = postgres(server.ownerUrl, { max: 1, onnotice: () => {} })
    await owner`create database rowhouse`
    await owner.end()
    const text = await adapt(page, server.ownerUrl)
    for (const [, path = '', block = ''] of text.matchAll(/^```(?:ini|nginx) (\S+)\n(.*?)^```$/gms))
      await Bun.write(path, block)
    await chmod(folder, 0o755)
    const steps = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, step]) => step)
    const script = ['set -euo pipefail', "trap 'kill $(jobs -p) 2> /dev/null; wait' EXIT", ...steps].join('\n')
    await using run = start(['bash', '-c', script], { PATH: `${join(process.execPath, '..')}:${process.env.PATH}` })
    const code = await run.exited

    const wanted = [...page.matchAll(/# (\d{3})$/gm)].map(([, status]) => status)
    const got = [...run.stdout.matchAll(/(?<![^\n}])(\d{3})$/gm)].map(([, status]) => status)
    expect({ code, got, output: code === 0 ? '' : run.stdout + run.stderr }).toEqual({
      code: 0,
      got: wanted as string[],
      output: '',
    })
    expect(run.stdout).toContain('0 errors')
  } finally {
    await server.stop()
  }
})

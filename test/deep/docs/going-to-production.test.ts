import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { chown, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { FailureBody } from '../../../src/envelope/index.ts'
import { pgbouncer } from '../../pooler.ts'
import { freePort, postgresUser, startPostgres } from '../../postgres.ts'
import { root, start } from '../../runtime/child.ts'

setDefaultTimeout(120_000)

const page = await readFile(join(root, 'docs/going-to-production.md'), 'utf8')
const nginx = Bun.which('nginx') ?? Bun.which('/usr/sbin/nginx')
const psql = Bun.which('psql')

// The page is for an ordinary user, and PgBouncer refuses to run as root.
const user = process.getuid?.() === 0 ? await postgresUser() : undefined
const asUser = user ? ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'] : []
const mayRun = Bun.spawnSync([...asUser, 'test', '-r', join(root, 'package.json')]).success

/** A folder that looks like this clone, in which the page's own files can be written. */
const clone = await mkdtemp(join(tmpdir(), 'rowhouse-clone-'))
afterAll(() => rm(clone, { recursive: true, force: true }))
for (const name of await readdir(root))
  if (!['.git', 'deploy'].includes(name)) await symlink(join(root, name), join(clone, name))

/** Changes the page to ports of this test, and removes programs that are not installed. */
async function adapt(text: string, ownerUrl: string): Promise<string> {
  const { port, password } = new URL(ownerUrl)
  const [issuer, service, proxy] = [await freePort(), await freePort(), await freePort()]
  const pooler = pgbouncer ? await freePort() : port
  const changes: [string | RegExp, string | number][] = [
    ['change-me', password],
    ['psql -h localhost', `psql -q -h localhost -p ${port}`],
    [/\blocalhost:5432/g, `localhost:${port}`],
    ['host=localhost port=5432', `host=localhost port=${port}`],
    ['localhost:6432', `localhost:${pooler}`],
    ['listen_port = 6432', `listen_port = ${pooler}`],
    [/(?<=localhost:|--port )4000/g, issuer],
    [/(?<=localhost:|127\.0\.0\.1:|PORT=)3000/g, service],
    ['https://localhost:8443', nginx ? `https://localhost:${proxy}` : `http://localhost:${service}`],
    ['listen 8443', `listen ${proxy}`],
    ...(psql ? [] : ([[/^.*\bpsql .*$/gm, '']] as [RegExp, string][])),
    ...(pgbouncer ? [] : ([[/^pgbouncer .*$/gm, '']] as [RegExp, string][])),
    ...(nginx ? [] : ([[/^.* nginx .*$/gm, '']] as [RegExp, string][])),
  ]
  return changes.reduce((all, [from, to]) => all.replaceAll(from, String(to)), text)
}

/** Writes the files of the page, and returns its commands. */
async function prepare(text: string): Promise<string[]> {
  await mkdir(join(clone, 'deploy'))
  for (const [, path = '', block = ''] of text.matchAll(/^```(?:ini|nginx) (\S+)\n(.*?)^```$/gms))
    await Bun.write(join(clone, path), block)
  if (user)
    for (const path of ['', ...(await readdir(join(clone, 'deploy')))])
      await chown(join(clone, 'deploy', path), user.uid, user.gid)
  if (user) await chown(clone, user.uid, user.gid)
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, step = '']) => step)
}

// More requests at once than the proxy allows a client.
const burst = `curl -sk --parallel --parallel-max 50 'https://localhost:8443/health?[1-1000]' 2> /dev/null | sed 's/}{/}\\n{/g' > deploy/burst.log`

test.skipIf(!mayRun)(
  'every command of docs/going-to-production.md runs and gives the status that the page shows',
  async () => {
    const server = await startPostgres()
    try {
      if (!psql) {
        const owner = postgres(server.ownerUrl, { max: 1, onnotice: () => {} })
        await owner`create database rowhouse`
        await owner.end()
      }
      const steps = await prepare(await adapt(page + (nginx ? `\n\`\`\`sh\n${burst}\n\`\`\`\n` : ''), server.ownerUrl))
      const script = ['set -euo pipefail', "trap 'kill $(jobs -p) 2> /dev/null; wait' EXIT", ...steps].join('\n')
      const environment = { HOME: clone, PATH: `${join(process.execPath, '..')}:${process.env.PATH}` }
      await using run = start([...asUser, 'bash', '-c', script], environment, clone)
      const code = await run.exited

      const wanted = [...page.matchAll(/# (\d{3})$/gm)].map(([, status]) => status)
      const got = [...run.stdout.matchAll(/(?<![^\n}])(\d{3})$/gm)].map(([, status]) => status)
      expect({ code, got, output: code === 0 ? '' : run.stdout + run.stderr }).toEqual({
        code: 0,
        got: wanted as string[],
        output: '',
      })
      expect(run.stdout).toContain('0 errors')
      if (nginx) {
        const answers = (await readFile(join(clone, 'deploy/burst.log'), 'utf8')).trim().split('\n')
        const refused = answers.map((line) => JSON.parse(line)).find(({ statusCode }) => statusCode === 429)
        expect(FailureBody.parse(refused)).toMatchObject({
          path: '/health',
          error: { code: 'TOO_MANY_REQUESTS' },
        })
      }
    } finally {
      await server.stop()
    }
  },
)

// By default it refuses every client for 15 seconds, also when PostgreSQL is back after three.
test('the PgBouncer of docs/going-to-production.md logs in again after a second', () => {
  expect(/^```ini deploy\/pgbouncer\.ini\n(.*?)^```$/ms.exec(page)?.[1]).toMatch(/^server_login_retry = 1$/m)
})

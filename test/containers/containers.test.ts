import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import project from '../../package.json' with { type: 'json' }
import { secretSettings } from '../../src/service/config/secret-files.ts'
import { commandSettings, settings } from '../../src/service/config/settings.ts'
import { root } from '../runtime/child.ts'
import { configOf } from './config-of.ts'
import { commandOf, copyOf, parseDockerfile, textsOf, variablesOf } from './dockerfile.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')

const stages = parseDockerfile(read('Dockerfile'))
const [build, final] = stages
if (!build || !final) throw new Error('The Dockerfile must have two stages')
const [pooler] = parseDockerfile(read('containers/pgbouncer/Dockerfile'))

const service = z.looseObject({
  image: z.string().optional(),
  build: z.string().optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  secrets: z.array(z.string()).default([]),
  healthcheck: z.looseObject({}).optional(),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
})
const compose = z
  .looseObject({
    services: z.record(z.string(), service),
    secrets: z.record(z.string(), z.object({ file: z.string() })),
  })
  .parse(Bun.YAML.parse(read('compose.yaml')))
const { services } = compose
const parts = Object.entries(services)

/** The environment of a part of compose.yaml. */
const environmentOf = (name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(services[name]?.environment ?? {}).map(([key, value]) => [key, String(value)]))

describe('each image', () => {
  const images = [...stages, ...(pooler ? [pooler] : [])].map(({ image }) => image)
  const all = [...images, ...parts.flatMap(([, { image }]) => image ?? [])]

  test.each([...new Set(all)])('has a short name and a whole version: %s', (image) => {
    expect(image).toMatch(/^[a-z]+(?:\/[a-z]+)?:\d+\.\d+(?:\.\d+)?(?:-[a-z]+)?$/)
  })

  test('of Bun has the version of this project', () => {
    expect(images.filter((image) => image.startsWith('oven/'))).toEqual(
      Array(2).fill(`oven/bun:${project.packageManager.slice(4)}-slim`),
    )
  })

  test('of the project has its version', () => {
    expect(services.service?.image).toBe(`rowhouse:${project.version}`)
  })

  test('of PostgreSQL is a release without known holes', () => {
    expect(services.database?.image).toBe('postgres:18.7')
  })
})

describe('the Dockerfile', () => {
  test('runs as a user without a name and without privileges', () => {
    expect([textsOf(build, 'USER'), textsOf(final, 'USER')]).toEqual([[], ['65532:65532']])
  })

  test('copies from the project what .dockerignore lets through, and nothing else', () => {
    const [first, ...allowed] = read('.dockerignore')
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('#'))
    const copied = stages
      .flatMap((stage) => textsOf(stage, 'COPY').map(copyOf))
      .filter(({ from }) => from === undefined)
    expect(first).toBe('*')
    expect(copied.flatMap(({ sources }) => sources).toSorted()).toEqual(allowed.map((line) => line.slice(1)).toSorted())
  })

  test('sets the variables of "bun start", and runs its program', () => {
    const [, ...words] = /^(.*) bun (\S+)$/.exec(project.scripts.start) ?? []
    const variables = words[0]?.split(' ').map((pair) => pair.split('='))
    expect(variablesOf(final)).toEqual(Object.fromEntries(variables ?? []))
    expect(textsOf(final, 'CMD').map(commandOf)).toEqual([['bun', words[1] ?? '']])
  })

  test('exposes the default port', () => {
    expect(textsOf(final, 'EXPOSE')).toEqual([String(settings.shape.PORT.parse(undefined))])
  })
})

describe('compose.yaml', () => {
  const files = [...secretSettings].map((name) => `${name}_FILE`)
  const ofService = [...Object.keys(settings.shape), ...files]

  test.each([
    ['service', ofService],
    ['migrate', [...ofService, ...commandSettings]],
    ['worker', files],
  ])('gives the part %s only variables that are settings', (name, known) => {
    expect(Object.keys(environmentOf(name)).filter((variable) => !known.includes(variable))).toEqual([])
  })

  test('configures the service, as the image runs it', () => {
    const config = configOf({ ...variablesOf(final), ...environmentOf('service') })
    expect(config).toMatchObject({ auth: { kind: 'jwt' }, tenant: { directory: 'required' }, server: { port: 3000 } })
    expect(config.tenant.signingKeys).toHaveLength(1)
  })

  test('leaves the service time to drain and to finish', () => {
    const { shutdownDrainMs, shutdownTimeoutMs } = configOf({
      ...variablesOf(final),
      ...environmentOf('service'),
    }).server
    const grace = /^(\d+)s$/.exec(String(services.service?.stop_grace_period))?.[1]
    expect(Number(grace) * 1000).toBeGreaterThan(shutdownDrainMs + shutdownTimeoutMs)
  })

  test('gives a part each secret that its files name, and no secret otherwise', () => {
    for (const [name, { secrets, environment }] of parts) {
      const named = Object.values(environment).flatMap(
        (value) => /^\/run\/secrets\/(\w+)$/.exec(String(value))?.[1] ?? [],
      )
      const inFile = name === 'pgbouncer' ? ['pgbouncer_users'] : []
      expect({ name, secrets: secrets.toSorted() }).toEqual({ name, secrets: [...named, ...inFile].toSorted() })
    }
    expect(Object.keys(compose.secrets).toSorted()).toEqual(
      [...new Set(parts.flatMap(([, { secrets }]) => secrets))].toSorted(),
    )
  })

  test('contains no secret itself', () => {
    expect(read('compose.yaml')).not.toMatch(/:\/\/\w+:|_(?:KEY|SECRET|PASSWORD|URL):/)
  })

  test('checks the health of each part that stays', () => {
    const without = parts.filter(([, { healthcheck, build: context }]) => !healthcheck && context !== '.')
    expect(without.map(([name]) => name)).toEqual([])
    expect(textsOf(final, 'HEALTHCHECK')).toHaveLength(1)
  })

  test('runs what serves requests on a read-only root file system, without capabilities', () => {
    for (const name of ['service', 'migrate', 'worker', 'pgbouncer', 'nginx'])
      expect(services[name]).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      })
  })

  test('publishes the proxy alone, on this machine', () => {
    const published = parts.filter(([, { ports }]) => ports.length > 0)
    expect(published.map(([name, { ports }]) => [name, ports])).toEqual([['nginx', ['127.0.0.1:8080:8080']]])
  })

  test('mounts files that exist', () => {
    const mounted = parts.flatMap(([, { volumes }]) => volumes).filter((volume) => volume.startsWith('./'))
    expect(mounted).toHaveLength(2)
    for (const volume of mounted) expect(read(volume.split(':')[0] ?? '').length).toBeGreaterThan(0)
  })

  test('names hosts and ports that exist', () => {
    const { port } = configOf({ ...variablesOf(final), ...environmentOf('service') }).server
    expect(read('containers/nginx.conf')).toContain(`set $service service:${port};`)
    expect(read('containers/nginx.conf')).toContain('listen 8080;')
    expect(read('containers/pgbouncer/pgbouncer.ini')).toContain('rowhouse = host=database port=5432\n')
    expect(read('containers/pgbouncer/pgbouncer.ini')).toContain('listen_port = 6432\n')
  })
})

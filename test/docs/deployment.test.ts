import { describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { secretSettings } from '../../src/service/config/secret-files.ts'
import { commandSettings, settings } from '../../src/service/config/settings.ts'
import { configOf } from '../containers/config-of.ts'
import { parseDockerfile, textsOf, variablesOf } from '../containers/dockerfile.ts'
import { newFastFolder } from '../fast-folder.ts'
import { root } from '../runtime/child.ts'
import { anonymous } from '../service/http/app.ts'

const page = readFileSync(join(root, 'docs/deployment.md'), 'utf8')

/** A file of the page. */
function fileOf(name: string): string {
  const block = page.split(/^```/m).find((part) => part.split('\n', 1)[0]?.endsWith(` ${name}`))
  if (block === undefined) throw new Error(`docs/deployment.md has no file ${name}`)
  return block.slice(block.indexOf('\n') + 1)
}

const image = parseDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8')).at(-1)
if (!image) throw new Error('The Dockerfile has no stage')
const user = textsOf(image, 'USER')[0]
const known = [...Object.keys(settings.shape), ...commandSettings, ...secretSettings.map((name) => `${name}_FILE`)]

// Strict: Kubernetes never updates a file with subPath.
const mount = z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.literal(true) })
const probe = z.object({
  httpGet: z.object({ path: z.string(), port: z.literal('http') }),
  periodSeconds: z.number(),
})
const container = z.object({
  image: z.string(),
  command: z.array(z.string()).optional(),
  env: z.array(z.object({ name: z.string(), value: z.string() })),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).optional(),
  startupProbe: probe.optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
  volumeMounts: z.array(mount),
  securityContext: z.object({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  resources: z.object({ requests: z.looseObject({}), limits: z.object({ memory: z.string() }) }),
})
const template = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()) }).optional(),
  spec: z.object({
    terminationGracePeriodSeconds: z.number().optional(),
    automountServiceAccountToken: z.literal(false),
    enableServiceLinks: z.literal(false),
    securityContext: z.looseObject({ runAsNonRoot: z.literal(true) }),
    containers: z.tuple([container]),
    volumes: z.array(z.object({ name: z.string(), secret: z.object({ secretName: z.string() }) })),
  }),
})
const workload = z.looseObject({ kind: z.string(), spec: z.looseObject({ template }) })

const [deployment, service] = z
  .tuple([
    workload,
    z.looseObject({
      spec: z.object({
        selector: z.record(z.string(), z.string()),
        ports: z.array(z.looseObject({ targetPort: z.string() })),
      }),
    }),
  ])
  .parse(Bun.YAML.parse(fileOf('service.yaml')))
const job = workload.parse(Bun.YAML.parse(fileOf('migrate.yaml')))
const worker = workload.parse(Bun.YAML.parse(fileOf('worker.yaml')))
const pods = { Deployment: deployment, Job: job, 'Deployment of the worker': worker }
const environmentOf = ({ spec }: z.infer<typeof workload>) =>
  Object.fromEntries(spec.template.spec.containers[0].env.map(({ name, value }) => [name, value]))
const serving = deployment.spec.template.spec.containers[0]
const config = configOf({ ...variablesOf(image), ...environmentOf(deployment) })

describe.each(Object.entries(pods))('the pods of the %s for Kubernetes', (_, pod) => {
  const { spec } = pod.spec.template

  test('have only variables that are settings', () => {
    expect(Object.keys(environmentOf(pod)).filter((name) => !known.includes(name))).toEqual([])
  })

  test('mount each folder whose files their variables name', () => {
    const [{ volumeMounts }] = spec.containers
    const files = Object.values(environmentOf(pod)).filter((value) => value.startsWith('/run/'))
    const mounted = files.filter((file) => volumeMounts.some(({ mountPath }) => file.startsWith(`${mountPath}/`)))
    expect(mounted).toEqual(files)
    expect(volumeMounts.map(({ name }) => name).toSorted()).toEqual(spec.volumes.map(({ name }) => name).toSorted())
  })
})

test('the Job for Kubernetes gets a new name in each run: its template can never change', () => {
  expect(job.metadata).toEqual({ generateName: 'rowhouse-migrate-' })
  expect(job.spec.ttlSecondsAfterFinished).toBeNumber()
  expect(page).toContain('kubectl create -f migrate.yaml')
})

test('the Secrets for Kubernetes are made of files that an earlier step writes', () => {
  const [, folder, script = ''] = /cd (deploy\/secrets)\n(.*?cd \.\.\/\.\.)\n/s.exec(page) ?? []
  const written = [...script.matchAll(/ > (\w+)$/gm)].map(([, name]) => `${folder}/${name}`)
  const named = [...page.matchAll(/--from-file=(\S+)/g)].map(([, path]) => path)
  expect(named).toHaveLength(5)
  expect(written).toEqual(expect.arrayContaining(named))
})

describe('the Deployment for Kubernetes', () => {
  test('is a configuration that the service accepts', () => {
    expect(config).toMatchObject({
      auth: { kind: 'jwt' },
      server: { trustProxy: 1 },
      tenant: { directory: 'required' },
    })
  })

  test('has the port that the service listens on, and the Service leads to it', () => {
    expect(serving.ports).toEqual([{ name: 'http', containerPort: config.server.port }])
    expect(service.spec.ports.map(({ targetPort }) => targetPort)).toEqual(['http'])
    expect(service.spec.selector).toEqual(deployment.spec.template.metadata?.labels ?? {})
  })

  test('asks paths that the service answers with 200', async () => {
    const { startupProbe, readinessProbe, livenessProbe } = serving
    const paths = [startupProbe, readinessProbe, livenessProbe].map((one) => one?.httpGet.path ?? '')
    expect(paths).toEqual(['/health', '/ready', '/health'])
    for (const path of paths) expect((await anonymous.get(path)).status).toBe(200)
  })

  test('leaves the service time to drain and to finish', () => {
    const { shutdownDrainMs, shutdownTimeoutMs } = config.server
    const grace = deployment.spec.template.spec.terminationGracePeriodSeconds ?? 0
    expect(grace * 1000).toBeGreaterThan(shutdownDrainMs + shutdownTimeoutMs)
    expect(page).toContain(`${shutdownDrainMs / 1000} seconds in production`)
    expect(page).toContain(`\`SHUTDOWN_TIMEOUT_MS\` (${shutdownTimeoutMs / 1000} seconds)`)
  })
})

describe('the worker', () => {
  const command = ['bun', 'src/cli/rowhouse.ts', 'worker']
  const unit = fileOf('rowhouse-worker.service')

  test('has the login of the worker and no other secret', () => {
    expect(Object.keys(environmentOf(worker))).toEqual(['DATABASE_WORKER_URL_FILE'])
    expect(unit.match(/\w+_FILE/g)).toEqual(['DATABASE_WORKER_URL_FILE'])
  })

  test('runs the command of this project', () => {
    expect(worker.spec.template.spec.containers[0].command).toEqual(command)
    expect(unit).toContain(`ExecStart=/usr/local/bin/${command.join(' ')}\n`)
  })
})

describe('the unit for systemd', () => {
  const unit = fileOf('rowhouse@.service')
  const lines = unit.split('\n').filter((line) => /^\w+=/.test(line))
  const fieldOf = (name: string) => lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
  const environment: Record<string, string> = Object.fromEntries(
    lines
      .filter((line) => line.startsWith('Environment='))
      .flatMap((line) => line.slice(12).replace('%i', '3000').split(' '))
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )

  test('is a configuration that the service accepts, with the variables of the image', () => {
    expect(configOf(environment)).toMatchObject({ server: { host: '127.0.0.1', port: 3000, trustProxy: 1 } })
    expect(environment).toMatchObject(variablesOf(image))
    const others = Object.keys(environment).filter((name) => !name.startsWith('BUN_') && !known.includes(name))
    expect(others).toEqual([])
  })

  test('leaves the service time to drain and to finish', () => {
    const { shutdownDrainMs, shutdownTimeoutMs } = configOf(environment).server
    expect(Number(fieldOf('TimeoutStopSec')) * 1000).toBeGreaterThan(shutdownDrainMs + shutdownTimeoutMs)
  })

  test('starts a program of this project', () => {
    const [, program = ''] = fieldOf('ExecStart').split(' ')
    expect(readFileSync(join(root, program), 'utf8')).toContain('serve(listen)')
  })

  const analyze = Bun.which('systemd-analyze')
  test.skipIf(!analyze)('is a unit that systemd understands', () => {
    const path = join(newFastFolder(), 'rowhouse@3000.service')
    writeFileSync(path, unit.replace('/usr/local/bin/bun', process.execPath))
    const { stdout, stderr, exitCode } = Bun.spawnSync([analyze ?? '', 'verify', path])
    expect([exitCode, `${stdout}${stderr}`]).toEqual([0, ''])
  })
})

test('the page has each setting that can be a file', () => {
  const [, section = ''] = /## Secrets as files\n(.*?)\n## /s.exec(page) ?? []
  expect(secretSettings.filter((name) => !section.includes(`\`${name}\``))).toEqual([])
})

test('the page names the user of the image', () => {
  expect(page).toContain(`The user** is ${user?.split(':')[0]}, from the image`)
})

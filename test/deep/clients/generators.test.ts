import { beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { closeAfterwards, main } from '../../database.ts'
import { startServer } from '../../runtime/child.ts'
import { newTenant } from '../../tenants.ts'
import { createFolder, runs, typeErrors } from '../kit/project.ts'
import { calls, configuration, generators, globals, packages } from './programs.ts'

// Clients that a front end generates from /openapi.json: each compiles, and runs against the service.

const secret = 'x'.repeat(32)
const claims = { issuer: 'https://issuer.example', audience: 'api' }

const tokenFor = (tenant: string): Promise<string> =>
  new SignJWT({ tenant_id: tenant })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(claims.issuer)
    .setAudience(claims.audience)
    .setSubject('ada')
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret))

/** How a service knows its callers, and what a client gets once. */
const services = [
  { callers: 'the tenant header', settings: {}, header: 'X-Tenant-Id', credential: (tenant: string) => tenant },
  {
    callers: 'tokens',
    settings: { AUTH: 'jwt', JWT_SECRET: secret, JWT_ISSUER: claims.issuer, JWT_AUDIENCE: claims.audience },
    header: 'Authorization',
    credential: async (tenant: string) => `Bearer ${await tokenFor(tenant)}`,
  },
]
const bundler = ['--module', 'esnext', '--moduleResolution', 'bundler', '--lib', 'es2023,dom,dom.iterable', '--noEmit']

let installed = ''
beforeAll(async () => {
  installed = await createFolder({ 'package.json': '{ "private": true }' })
  await runs(['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], installed)
}, 300_000)

describe.each(services)('from the document of a service with $callers', ({ settings, header, credential }) => {
  let folder = ''
  let url = ''

  beforeAll(async () => {
    folder = join(installed, header)
    const server = startServer({ DATABASE_URL: main.appUrl, ...settings })
    closeAfterwards({ close: async () => server[Symbol.asyncDispose]() })
    url = await server.listening()
    for (const [name, text] of Object.entries(configuration)) await Bun.write(join(folder, name), text)
    await Bun.write(join(folder, 'openapi.json'), await (await fetch(`${url}/openapi.json`)).text())
    for (const { program, parameters, client } of generators) {
      await runs([join(installed, 'node_modules/.bin', program), ...parameters], folder)
      await Bun.write(join(folder, `${program}.ts`), `${client.trimStart()}${globals}${calls}export {}\n`)
    }
  }, 120_000)

  test('the generated clients compile', async () => {
    const modules = generators.map(({ program }) => `${program}.ts`)
    expect(await typeErrors(folder, modules, bundler)).toEqual([])
  }, 60_000)

  test.each(generators.map(({ program }) => program))(
    'the client of %s creates, walks a list, reads headers, and gets failures as values',
    async (program) => {
      const given = await credential(newTenant())
      const output = await runs([process.execPath, `${program}.ts`, url, header, given], folder)
      const codes = ['NOT_FOUND', 'CONFLICT', 'PRECONDITION_FAILED']
      const walked = ['Write it', 'Read it']
      const seen = { status: 'todo', total: 2, counted: 2, walked, dated: true, isReplayed: true, now: 'done', codes }
      expect(JSON.parse(output)).toEqual(seen)
    },
  )
})

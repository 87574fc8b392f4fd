import { describe, expect, test } from 'bun:test'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { createIssuer } from '../../../src/cli/commands/issuer.ts'
import { root, start, until } from '../../runtime/child.ts'
import { rowhouse } from '../run.ts'

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

describe('rowhouse issuer', () => {
  test('prints the settings of the service, the line of the kit and a command for a token', async () => {
    await using issuer = start([process.execPath, join(root, 'src/cli/rowhouse.ts'), 'issuer', '--port', '0'])
    const [command = ''] = await until(() => issuer.stdout.match(/curl .*/) ?? undefined)
    const [, url = ''] = issuer.stdout.match(/JWT_ISSUER=(\S+)/) ?? []
    expect(issuer.stdout).toContain(
      `jwt({ key: { jwksUrl: '${url}/.well-known/jwks.json' }, issuer: '${url}', audience: 'rowhouse' })`,
    )
    const token = Bun.spawnSync(['sh', '-c', command]).stdout.toString()
    expect(claimsOf(token)).toMatchObject({ iss: url, aud: 'rowhouse', sub: 'ada', tenant_id: expect.any(String) })
  })

  test('prints a command for a token with the claim of another provider', async () => {
    await using issuer = start([process.execPath, join(root, 'src/cli/rowhouse.ts'), 'issuer', '--port', '0'])
    const [command = ''] = await until(() => issuer.stdout.match(/curl .*org_id.*/) ?? undefined)
    const { org_id, tenant_id } = claimsOf(Bun.spawnSync(['sh', '-c', command]).stdout.toString())
    expect([org_id, tenant_id]).toEqual(['org_2NxVKbZ5YhM0', undefined])
  })

  test('answers a request that it cannot read, and goes on', async () => {
    await using issuer = start([process.execPath, join(root, 'src/cli/rowhouse.ts'), 'issuer', '--port', '0'])
    const [, port = ''] = await until(() => issuer.stdout.match(/JWT_ISSUER=\S+:(\d+)/) ?? undefined)
    const statusOf = async (path: string) => {
      const request = httpRequest({ host: '127.0.0.1', port, path }).end()
      const [response] = await once(request, 'response')
      return response.resume().statusCode
    }
    expect([await statusOf('http://a:b/'), await statusOf('/token')]).toEqual([400, 200])
  })

  test('names --port when the port is in use', async () => {
    using occupant = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
    expect(await rowhouse(['issuer', '--port', String(occupant.port)])).toEqual({
      code: 2,
      stdout: '',
      stderr: `Port ${occupant.port} is in use: name another one with --port, or stop the process that uses it\n`,
    })
  })

  test('--help describes the parameters of /token with their defaults', async () => {
    const { stdout } = await rowhouse(['issuer', '--help'])
    const parameters = [...stdout.matchAll(/^ {2}(\w+) {2,}.*\(default: (.*)\)$/gm)]
    expect(parameters.map(([, name, value]) => [name, value])).toEqual([
      ['tenant', 'the token has no such claim'],
      ['sub', 'somebody'],
      ['seconds', '3600'],
    ])
  })
})

describe('/token of the issuer', async () => {
  const issuer = await createIssuer('http://localhost:4000', 'rowhouse')

  test('has the defaults that the help describes', async () => {
    const { iat, exp, ...claims } = claimsOf(await (await issuer.request('/token')).text())
    expect(claims).toEqual({ iss: 'http://localhost:4000', aud: 'rowhouse', sub: 'somebody' })
    expect(exp - iat).toBeWithin(3600, 3602)
  })

  test.each(['abc', '', '1.5', '1e3'])('rejects seconds=%s with a sentence', async (seconds) => {
    const response = await issuer.request(`/token?seconds=${seconds}`)
    expect([response.status, await response.text()]).toEqual([
      400,
      `seconds must be a whole number such as 3600 (got "${seconds}")\n`,
    ])
  })

  test.each(['evil.example', 'localhost.evil.example:4000'])('gives no token for the foreign Host %p', async (host) => {
    for (const [method, path] of [
      ['GET', '/token'],
      ['POST', '/rotate'],
    ] as const) {
      const response = await issuer.request(path, { method, headers: { Host: host } })
      expect([response.status, await response.text()]).toEqual([403, 'The Host must be localhost or an address\n'])
    }
  })

  test('accepts negative seconds, for an expired token', async () => {
    const { iat, exp } = claimsOf(await (await issuer.request('/token?seconds=-60')).text())
    expect(exp).toBeLessThan(iat)
  })
})

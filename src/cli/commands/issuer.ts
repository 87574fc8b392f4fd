import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Command } from '@commander-js/extra-typings'
import { Hono } from 'hono'
import { OperatorError } from '../../errors/index.ts'
import { hostnameOf, isAddressOrLocalhost } from '../../text/index.ts'
import { type CommandIo, print } from '../io.ts'
import { optional } from '../optional.ts'
import { wholeNumberFrom } from '../options.ts'

const algorithm = 'ES256'
const exampleTenant = '550e8400-e29b-41d4-a716-446655440000'
const defaults = { sub: 'somebody', seconds: '3600' }

/** An identity provider for development with `AUTH=jwt`: it issues a token for any tenant to every caller. */
export async function createIssuer(issuer: string, audience: string): Promise<Hono> {
  const { SignJWT } = await loadJose()
  let key = await createKey()
  const app = new Hono()
  // The page of another site could let its own name point to this machine, and read a token (DNS rebinding).
  app.use((c, next) =>
    isAddressOrLocalhost(hostnameOf(c.req.header('Host') ?? 'localhost'))
      ? next()
      : Promise.resolve(c.text('The Host must be localhost or an address\n', 403)),
  )
  app.get('/.well-known/jwks.json', (c) => c.json({ keys: [key.jwk] }))
  app.get('/token', async (c) => {
    const { tenant, sub = defaults.sub, seconds = defaults.seconds, ...claims } = c.req.query()
    if (!/^-?\d{1,9}$/.test(seconds))
      return c.text(`seconds must be a whole number such as ${defaults.seconds} (got "${seconds}")\n`, 400)
    const token = new SignJWT({ ...(tenant === undefined ? {} : { tenant_id: tenant }), ...claims })
      .setProtectedHeader({ alg: algorithm, kid: key.jwk.kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(sub)
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + Number(seconds))
    return c.text(await token.sign(key.privateKey))
  })
  app.post('/rotate', async (c) => {
    key = await createKey()
    return c.text('The issuer has a new key. Tokens of the old key are no longer valid.\n')
  })
  return app
}

const loadJose = () => optional('jose', () => import('jose'))

async function createKey() {
  const { exportJWK, generateKeyPair } = await loadJose()
  const { publicKey, privateKey } = await generateKeyPair(algorithm)
  const jwk = { ...(await exportJWK(publicKey)), kid: crypto.randomUUID(), alg: algorithm, use: 'sig' }
  return { jwk, privateKey }
}

export const createIssuerCommand = (io: CommandIo) =>
  new Command('issuer')
    .description('Run a development identity provider for AUTH=jwt: it issues tokens for any tenant, without a login.')
    .option('--port <n>', 'the port on 127.0.0.1; 0 picks a free one', wholeNumberFrom(0, 65_535), 4000)
    .option('--audience <name>', 'the audience (claim "aud") of the tokens', 'rowhouse')
    .addHelpText(
      'after',
      `
GET /token returns a token. The parameters of its query:
  tenant    the claim "tenant_id", the id of a tenant (default: the token has no such claim)
  sub       the claim "sub", which names the caller (default: ${defaults.sub})
  seconds   how long the token is valid; negative for an expired token (default: ${defaults.seconds})
Every other parameter becomes a claim of its name.

GET /.well-known/jwks.json returns the public key. It is new on each start, and POST /rotate replaces it.

Example:
  ${io.runner.run} rowhouse issuer --port 4000 &
  TOKEN=$(curl -s 'http://localhost:4000/token?tenant=${exampleTenant}&sub=ada&seconds=60')`,
    )
    .action(async (options) => {
      const { getRequestListener } = await optional('@hono/node-server', () => import('@hono/node-server'))
      // With --port 0 the port, and so the issuer's name, is known only after the start.
      const server = await listen(options.port)
      const { port } = server.address() as AddressInfo // it listens on a port, not on a pipe
      const issuer = `http://localhost:${port}`
      const app = await createIssuer(issuer, options.audience)
      server.on('request', getRequestListener(app.fetch))
      print(
        io,
        `The example service accepts the tokens with these settings:

  export AUTH=jwt JWT_ISSUER=${issuer} JWT_AUDIENCE=${options.audience}
  export JWT_JWKS_URL=${issuer}/.well-known/jwks.json

A service of yours accepts them with this line:

  jwt({ key: { jwksUrl: '${issuer}/.well-known/jwks.json' }, issuer: '${issuer}', audience: '${options.audience}' })

A token for a tenant:

  curl -s '${issuer}/token?tenant=${exampleTenant}&sub=ada'

Every other parameter becomes a claim. A token as Auth0 issues it for an organization, with tenants: 'org_id' in the line above:

  curl -s '${issuer}/token?org_id=org_2NxVKbZ5YhM0&sub=ada'

Use it for development only: everyone who can reach it gets a token.`,
      )
    })

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return server
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    throw new OperatorError(`Port ${port} is in use: name another one with --port, or stop the process that uses it`)
  }
}

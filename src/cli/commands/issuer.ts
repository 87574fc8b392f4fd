import { Command } from '@commander-js/extra-typings'
import { Hono } from 'hono'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { type CommandIo, print } from '../io.ts'
import { wholeNumberFrom } from '../options.ts'

const algorithm = 'ES256'
const hourSeconds = 3600

/** An identity provider for development with `AUTH=jwt`: it issues a token for any tenant to every caller. */
export async function createIssuer(issuer: string, audience: string): Promise<Hono> {
  let key = await createKey()
  const app = new Hono()
  app.get('/.well-known/jwks.json', (c) => c.json({ keys: [key.jwk] }))
  app.get('/token', async (c) => {
    const { tenant, sub = 'somebody', seconds = String(hourSeconds), ...claims } = c.req.query()
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

async function createKey() {
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
The signing key is new on each start. POST /rotate replaces it.

Example:
  rowhouse issuer --port 4000 &
  TOKEN=$(curl -s 'http://localhost:4000/token?tenant=550e8400-e29b-41d4-a716-446655440000&sub=ada&seconds=60')`,
    )
    .action((options) => {
      const server = Bun.serve({
        port: options.port,
        hostname: '127.0.0.1',
        // With --port 0 the port, and so the issuer's name, is known only after the start.
        fetch: (request) => app.then(({ fetch }) => fetch(request)),
      })
      const issuer = `http://localhost:${server.port}`
      const app = createIssuer(issuer, options.audience)
      print(
        io,
        `The service accepts its tokens with these settings:

  export AUTH=jwt JWT_ISSUER=${issuer} JWT_AUDIENCE=${options.audience}
  export JWT_JWKS_URL=${issuer}/.well-known/jwks.json

Use it for development only: everyone who can reach it gets a token.`,
      )
    })

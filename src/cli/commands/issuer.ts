import { Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { Hono } from 'hono'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

const algorithm = 'ES256'
const hourSeconds = 3600

/** An identity provider to try `AUTH=jwt` with: it gives a token for any tenant to whoever asks. */
export async function createIssuer(issuer: string, audience: string): Promise<Hono> {
  let keys = [await createKey()]
  const app = new Hono()
  app.get('/.well-known/jwks.json', (c) => c.json({ keys: keys.map(({ jwk }) => jwk) }))
  app.get('/token', async (c) => {
    const { tenant, sub = 'somebody', seconds = String(hourSeconds), ...others } = c.req.query()
    const [key] = keys
    if (!key) throw new TypeError('There is always a key')
    const token = new SignJWT({ ...(tenant === undefined ? {} : { tenant_id: tenant }), ...others })
      .setProtectedHeader({ alg: algorithm, kid: key.jwk.kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(sub)
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + Number(seconds))
    return c.text(await token.sign(key.privateKey))
  })
  app.post('/rotate', async (c) => {
    keys = [await createKey()]
    return c.text('The key is another one now; tokens of the old one no longer hold.\n')
  })
  return app
}

async function createKey() {
  const { publicKey, privateKey } = await generateKeyPair(algorithm)
  const jwk = { ...(await exportJWK(publicKey)), kid: crypto.randomUUID(), alg: algorithm, use: 'sig' }
  return { jwk, privateKey }
}

const port = (text: string): number => {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 0 to 65535.')
}

export const issuerCommand = new Command('issuer')
  .description('Run an identity provider on this machine, to try AUTH=jwt: it gives anybody a token for any tenant.')
  .option('--port <n>', 'where it listens, on 127.0.0.1 alone', port, 4000)
  .option('--audience <name>', 'whom the tokens are for', 'rowhouse')
  .addHelpText(
    'after',
    `
Its keys live as long as it runs. POST /rotate makes a new one in the place of the old.

Example:
  rowhouse issuer --port 4000 &
  TOKEN=$(curl -s 'http://localhost:4000/token?tenant=550e8400-e29b-41d4-a716-446655440000&sub=ada&seconds=60')`,
  )
  .action(async (options) => {
    const server = Bun.serve({
      port: options.port,
      hostname: '127.0.0.1',
      // With --port 0 the issuer's name is known once it listens.
      fetch: (request) => app.then(({ fetch }) => fetch(request)),
    })
    const issuer = `http://localhost:${server.port}`
    const app = createIssuer(issuer, options.audience)
    console.log(`The service believes its tokens with:

  export AUTH=jwt JWT_ISSUER=${issuer} JWT_AUDIENCE=${options.audience}
  export JWT_JWKS_URL=${issuer}/.well-known/jwks.json

For development alone: whoever reaches it gets a token.`)
  })

import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'

export interface SigningKey {
  kid: string
  alg: string
  jwk: JWK
  privateKey: CryptoKey
  publicKey: CryptoKey
}

export async function newKey(alg = 'ES256', kid: string = crypto.randomUUID()): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

export const sign = (key: SigningKey, payload: JWTPayload, header: object = {}): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey)

type Answer = () => Response | Promise<Response>

/** An issuer that publishes keys over HTTP, counts the fetches, and can give wrong answers. */
export function createIssuer(...first: SigningKey[]) {
  const published: unknown[] = first.map(({ jwk }) => jwk)
  const normal: Answer = () => Response.json({ keys: published })
  let answer = normal
  let fetches = 0
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch() {
      fetches++
      return answer()
    },
  })
  return {
    jwksUrl: `http://127.0.0.1:${server.port}/jwks.json`,
    /** How often the keys were fetched. */
    fetches: () => fetches,
    publish: (...keys: unknown[]) => void published.splice(0, published.length, ...keys),
    answerWith(other: Answer) {
      answer = other
    },
    recover() {
      answer = normal
    },
    /** Delays answers until the returned function is called. */
    hold(): () => void {
      const { promise, resolve } = Promise.withResolvers<void>()
      answer = () => promise.then(normal)
      return () => {
        answer = normal
        resolve()
      }
    },
    neverAnswer() {
      answer = () => new Promise(() => {})
    },
    stop: () => server.stop(true),
  }
}

import { base64url, CompactEncrypt, CompactSign, exportSPKI, FlattenedSign, type JWTPayload, SignJWT } from 'jose'
import { newKey, type SigningKey, sign } from './issuer.ts'

// Every way to make a token wrong that we could think of, with the reason that a listener hears.

export const tenantId = crypto.randomUUID()
export const key = await newKey('ES256', 'here')
export const stranger = await newKey('ES256', 'here')
const rsa = await newKey('RS256', 'rsa')
const weak = { kty: 'RSA', kid: 'weak', n: base64url.encode(new Uint8Array(128).fill(255)), e: 'AQAB' }
const broken = { kty: 'EC', crv: 'P-256', kid: 'broken', x: 'AA', y: 'AA' }
const symmetric = { kty: 'oct', kid: 'symmetric', k: base64url.encode('a secret that everybody can read') }
/** What the issuer publishes: good keys with bad ones among them. */
export const published = [key.jwk, rsa.jwk, weak, broken, symmetric]
export const payload: JWTPayload = { iss: 'issuer', aud: 'api', sub: 'alice', exp: 1e10, tenant_id: tenantId }
export const good = await sign(key, payload)

const [head = '', body = '', signature = ''] = good.split('.')
export const encode = (value: unknown) => base64url.encode(typeof value === 'string' ? value : JSON.stringify(value))
const swapped = (header: unknown) => `${encode(header)}.${body}.${signature}`
const withHeader = (header: object) => sign(key, payload, header)
const withSecret = (alg: string, secret: string, kid: string) =>
  new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(new TextEncoder().encode(secret))
const signBytes = (bytes: string, of: SigningKey = key) =>
  new CompactSign(new TextEncoder().encode(bytes)).setProtectedHeader({ alg: of.alg, kid: of.kid }).sign(of.privateKey)
const json = JSON.stringify(payload)

/** The same signature as OpenSSL writes it (ASN.1), which is not what RFC 7518, section 3.4, wants. */
function asDer(raw: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array) => [2, 33, 0, ...bytes]
  const both = [...integer(raw.slice(0, 32)), ...integer(raw.slice(32))]
  return new Uint8Array([0x30, both.length, ...both])
}

/** RFC 7797: a payload that is signed as it stands. */
async function unencoded(): Promise<string> {
  const jws = await new FlattenedSign(new TextEncoder().encode(body))
    .setProtectedHeader({ alg: 'ES256', kid: 'here', b64: false, crit: ['b64'] })
    .sign(key.privateKey)
  return `${jws.protected}.${body}.${jws.signature}`
}

async function encrypted(): Promise<string> {
  const { publicKey } = await crypto.subtle.generateKey(
    { name: 'RSA-OAEP', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
    true,
    ['encrypt', 'decrypt'],
  )
  const header = { alg: 'RSA-OAEP-256', enc: 'A256GCM' }
  return await new CompactEncrypt(new TextEncoder().encode(json)).setProtectedHeader(header).encrypt(publicKey)
}

/** What it is, why it is refused, and the token. */
export const refused: [what: string, reason: string, token: string | Promise<string>][] = [
  ['one part', 'malformed-token', 'garbage'],
  ['two parts', 'malformed-token', `${head}.${body}`],
  ['four parts', 'malformed-token', `${good}.${signature}`],
  ['dots alone', 'malformed-token', '..'],
  ['no base64url', 'malformed-token', `${head}.${body}.+/+/`],
  ['base64 with padding', 'malformed-token', `${good}==`],
  ['a blank in the signature', 'malformed-token', `${good} `.replace(/.{4} $/, (end) => ` ${end.trim()}`)],
  ['two tokens with a blank', 'malformed-token', `${good} ${good}`],
  ['a header that is no JSON', 'malformed-token', swapped('{')],
  ['a header that is a list', 'malformed-token', swapped([])],
  ['a header that is null', 'malformed-token', swapped('null')],
  ['a header that is no UTF-8', 'malformed-token', `_____w.${body}.${signature}`],
  ['a header that is nested 12,000 deep', 'malformed-token', `${encode('['.repeat(12_000))}.${body}.${signature}`],
  ['a header of JavaScript’s own names', 'malformed-token', swapped('{"__proto__":{"alg":"ES256","kid":"here"}}')],
  [
    '16 KiB and one character',
    'malformed-token',
    `${head}.${body}.${'A'.repeat(16_385 - head.length - body.length - 2)}`,
  ],
  ['100 kB', 'malformed-token', `${head}.${'A'.repeat(100_000)}.${signature}`],
  ['100 kB of commas', 'malformed-token', ','.repeat(100_000)],
  ['an encrypted token', 'malformed-token', encrypted()],
  ['no alg', 'malformed-token', swapped({ kid: 'here' })],
  ['an alg that is a number', 'malformed-token', swapped({ alg: 256, kid: 'here' })],
  ['an alg that is a list', 'malformed-token', swapped({ alg: ['ES256'], kid: 'here' })],
  ...['none', 'None', 'nOnE', 'HS256', 'ES256K', 'es256', '__proto__', 'constructor', 'x'.repeat(5000)].flatMap(
    (alg): (typeof refused)[number][] => [
      [`alg ${alg.slice(0, 12)}`, 'wrong-algorithm', swapped({ alg, kid: 'here' })],
      [`alg ${alg.slice(0, 12)} and no signature`, 'wrong-algorithm', `${encode({ alg, kid: 'here' })}.${body}.`],
    ],
  ),
  [
    'HS256 with the public key for a secret',
    'wrong-algorithm',
    exportSPKI(rsa.publicKey).then((pem) => withSecret('HS256', pem, 'rsa')),
  ],
  ['HS256 with the JWK for a secret', 'wrong-algorithm', withSecret('HS256', JSON.stringify(rsa.jwk), 'rsa')],
  [
    'HS256 with a secret that was published',
    'wrong-algorithm',
    withSecret('HS256', 'a secret that everybody can read', 'symmetric'),
  ],
  ['the algorithm of another kind of key', 'unknown-key', swapped({ alg: 'RS256', kid: 'here' })],
  ['an algorithm that the key is not for', 'unknown-key', swapped({ alg: 'PS256', kid: 'rsa' })],
  ['a critical extension', 'malformed-token', swapped({ alg: 'ES256', kid: 'here', crit: ['exp'], exp: 1 })],
  [
    'a critical extension of JavaScript’s own',
    'malformed-token',
    swapped({ alg: 'ES256', kid: 'here', crit: ['toString'] }),
  ],
  ['crit that is empty', 'malformed-token', swapped({ alg: 'ES256', kid: 'here', crit: [] })],
  ['crit that is a string', 'malformed-token', swapped({ alg: 'ES256', kid: 'here', crit: 'b64' })],
  ['an unencoded payload', 'malformed-token', unencoded()],
  ['a kid of 10 kB', 'unknown-key', withHeader({ kid: 'k'.repeat(10_000) })],
  ['a kid that is a path', 'unknown-key', withHeader({ kid: '../../../../dev/null' })],
  ['a kid that is SQL', 'unknown-key', withHeader({ kid: "' or 1=1 --" })],
  ['a kid of JavaScript’s own names', 'unknown-key', withHeader({ kid: '__proto__' })],
  ...[null, 1, true, [], ['here'], {}].map((kid): (typeof refused)[number] => [
    `kid ${JSON.stringify(kid)}`,
    'unknown-key',
    swapped({ alg: 'ES256', kid }),
  ]),
  ['a key that is too weak', 'unknown-key', swapped({ alg: 'RS256', kid: 'weak' })],
  ['a key that is broken', 'unknown-key', swapped({ alg: 'ES256', kid: 'broken' })],
  ['a stranger’s signature', 'bad-signature', sign(stranger, payload)],
  ['a key that it brings itself', 'bad-signature', sign(stranger, payload, { jwk: stranger.jwk })],
  [
    'a key that it says where to find',
    'bad-signature',
    sign(stranger, payload, { jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/' }),
  ],
  ['a certificate that it brings itself', 'bad-signature', sign(stranger, payload, { x5c: ['AAAA'] })],
  ['a stranger’s signature and no kid', 'bad-signature', sign(stranger, payload, { kid: undefined })],
  ['no signature', 'bad-signature', `${head}.${body}.`],
  ['half a signature', 'bad-signature', good.slice(0, -43)],
  ['a longer signature', 'bad-signature', `${good}AAAA`],
  ['a signature of zeros', 'bad-signature', `${head}.${body}.${base64url.encode(new Uint8Array(64))}`],
  ['a signature in DER', 'bad-signature', `${head}.${body}.${base64url.encode(asDer(base64url.decode(signature)))}`],
  [
    'another payload',
    'bad-signature',
    `${head}.${encode({ ...payload, tenant_id: crypto.randomUUID() })}.${signature}`,
  ],
  ['no payload', 'bad-signature', `${head}..${signature}`],
  ...['', 'null', '[]', '"x"', '1', '{', `[${json}]`].map((bytes): (typeof refused)[number] => [
    `a payload that is no object (${bytes})`,
    'malformed-token',
    signBytes(bytes),
  ]),
  ['a payload nested 5,000 deep', 'malformed-token', signBytes(`${'['.repeat(5000)}x`)],
  ['exp that is not a number', 'malformed-token', signBytes(json.replace('10000000000', 'NaN'))],
  ['exp that is a string', 'wrong-claim', sign(key, { ...payload, exp: '1e10' as unknown as number })], // what a bad issuer sends
  ['exp long ago', 'expired', sign(key, { ...payload, exp: -1e15 })],
  ['nbf that is a string', 'wrong-claim', sign(key, { ...payload, nbf: '1' as unknown as number })], // what a bad issuer sends
  ['nbf in the year 10^15', 'not-yet-valid', sign(key, { ...payload, nbf: 3e22 })],
  ['iat that is a string', 'wrong-claim', sign(key, { ...payload, iat: '1' as unknown as number })], // what a bad issuer sends
  ['iss that is a list', 'wrong-claim', sign(key, { ...payload, iss: ['issuer'] as unknown as string })], // what a bad issuer sends
  ['aud that is nearly right', 'wrong-claim', sign(key, { ...payload, aud: 'api ' })],
  ['aud that is an object', 'wrong-claim', sign(key, { ...payload, aud: { api: 'api' } as unknown as string })], // what a bad issuer sends
]

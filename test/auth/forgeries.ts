import { base64url, CompactEncrypt, CompactSign, exportSPKI, FlattenedSign, type JWTPayload, SignJWT } from 'jose'
import { newTenant } from '../tenants.ts'
import { newKey, type SigningKey, sign } from './issuer.ts'

// Wrong tokens of all kinds, each with the reason of its `authentication-failed` event.

export const tenantId = newTenant()
export const key = await newKey('ES256', 'here')
export const unknownKey = await newKey('ES256', 'here')
const rsa = await newKey('RS256', 'rsa')
const weak = { kty: 'RSA', kid: 'weak', n: base64url.encode(new Uint8Array(128).fill(255)), e: 'AQAB' }
const broken = { kty: 'EC', crv: 'P-256', kid: 'broken', x: 'AA', y: 'AA' }
const symmetric = { kty: 'oct', kid: 'symmetric', k: base64url.encode('a secret that everybody can read') }
/** The keys that the issuer publishes: valid and invalid ones. */
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

/** The same signature in ASN.1, as OpenSSL writes it, instead of the form of RFC 7518, section 3.4. */
function asDer(raw: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array) => [2, 33, 0, ...bytes]
  const both = [...integer(raw.slice(0, 32)), ...integer(raw.slice(32))]
  return new Uint8Array([0x30, both.length, ...both])
}

/** A token with an unencoded payload (RFC 7797). */
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

/** A description, the reason of the failure, and the token. */
export const forged: [what: string, reason: string, token: string | Promise<string>][] = [
  ['one part', 'malformed-token', 'garbage'],
  ['two parts', 'malformed-token', `${head}.${body}`],
  ['four parts', 'malformed-token', `${good}.${signature}`],
  ['dots alone', 'malformed-token', '..'],
  ['a signature that is not base64url', 'malformed-token', `${head}.${body}.+/+/`],
  ['base64 with padding', 'malformed-token', `${good}==`],
  ['a blank in the signature', 'malformed-token', `${good} `.replace(/.{4} $/, (end) => ` ${end.trim()}`)],
  ['two tokens with a blank', 'malformed-token', `${good} ${good}`],
  ['a header that is not JSON', 'malformed-token', swapped('{')],
  ['a header that is a list', 'malformed-token', swapped([])],
  ['a header that is null', 'malformed-token', swapped('null')],
  ['a header that is not UTF-8', 'malformed-token', `_____w.${body}.${signature}`],
  [
    'a header that is nested 12,000 levels deep',
    'malformed-token',
    `${encode('['.repeat(12_000))}.${body}.${signature}`,
  ],
  ['a header with the key __proto__', 'malformed-token', swapped('{"__proto__":{"alg":"ES256","kid":"here"}}')],
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
    (alg): (typeof forged)[number][] => [
      [`alg ${alg.slice(0, 12)}`, 'wrong-algorithm', swapped({ alg, kid: 'here' })],
      [`alg ${alg.slice(0, 12)} and no signature`, 'wrong-algorithm', `${encode({ alg, kid: 'here' })}.${body}.`],
    ],
  ),
  [
    'HS256 with the public key as secret',
    'wrong-algorithm',
    exportSPKI(rsa.publicKey).then((pem) => withSecret('HS256', pem, 'rsa')),
  ],
  ['HS256 with the JWK as secret', 'wrong-algorithm', withSecret('HS256', JSON.stringify(rsa.jwk), 'rsa')],
  [
    'HS256 with a secret that was published',
    'wrong-algorithm',
    withSecret('HS256', 'a secret that everybody can read', 'symmetric'),
  ],
  ['the algorithm of another kind of key', 'unknown-key', swapped({ alg: 'RS256', kid: 'here' })],
  ['an algorithm that differs from the key’s alg', 'unknown-key', swapped({ alg: 'PS256', kid: 'rsa' })],
  ['a critical extension', 'malformed-token', swapped({ alg: 'ES256', kid: 'here', crit: ['exp'], exp: 1 })],
  ['the critical extension toString', 'malformed-token', swapped({ alg: 'ES256', kid: 'here', crit: ['toString'] })],
  ['an empty crit', 'malformed-token', swapped({ alg: 'ES256', kid: 'here', crit: [] })],
  ['a crit that is a string', 'malformed-token', swapped({ alg: 'ES256', kid: 'here', crit: 'b64' })],
  ['an unencoded payload', 'malformed-token', unencoded()],
  ['a kid of 10 kB', 'unknown-key', withHeader({ kid: 'k'.repeat(10_000) })],
  ['a kid that is a path', 'unknown-key', withHeader({ kid: '../../../../dev/null' })],
  ['a kid that is SQL', 'unknown-key', withHeader({ kid: "' or 1=1 --" })],
  ['the kid __proto__', 'unknown-key', withHeader({ kid: '__proto__' })],
  ...[null, 1, true, [], ['here'], {}].map((kid): (typeof forged)[number] => [
    `kid ${JSON.stringify(kid)}`,
    'unknown-key',
    swapped({ alg: 'ES256', kid }),
  ]),
  ['a weak key', 'unknown-key', swapped({ alg: 'RS256', kid: 'weak' })],
  ['a broken key', 'unknown-key', swapped({ alg: 'ES256', kid: 'broken' })],
  ['a signature of an unknown key', 'bad-signature', sign(unknownKey, payload)],
  ['a key in its own header', 'bad-signature', sign(unknownKey, payload, { jwk: unknownKey.jwk })],
  [
    'a URL of a key in its own header',
    'bad-signature',
    sign(unknownKey, payload, { jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/' }),
  ],
  ['a certificate in its own header', 'bad-signature', sign(unknownKey, payload, { x5c: ['AAAA'] })],
  ['a signature of an unknown key without a kid', 'bad-signature', sign(unknownKey, payload, { kid: undefined })],
  ['no signature', 'bad-signature', `${head}.${body}.`],
  ['half of the signature', 'bad-signature', good.slice(0, -43)],
  ['a longer signature', 'bad-signature', `${good}AAAA`],
  ['a signature of zeros', 'bad-signature', `${head}.${body}.${base64url.encode(new Uint8Array(64))}`],
  ['a signature in DER', 'bad-signature', `${head}.${body}.${base64url.encode(asDer(base64url.decode(signature)))}`],
  ['another payload', 'bad-signature', `${head}.${encode({ ...payload, tenant_id: newTenant() })}.${signature}`],
  ['no payload', 'bad-signature', `${head}..${signature}`],
  ...['', 'null', '[]', '"x"', '1', '{', `[${json}]`].map((bytes): (typeof forged)[number] => [
    `a payload that is not an object (${bytes})`,
    'malformed-token',
    signBytes(bytes),
  ]),
  ['a payload that is nested 5,000 levels deep', 'malformed-token', signBytes(`${'['.repeat(5000)}x`)],
  ['an exp that is not a number', 'malformed-token', signBytes(json.replace('10000000000', 'NaN'))],
  ['an exp that is a string', 'wrong-claim', sign(key, { ...payload, exp: '1e10' as unknown as number })], // what a bad issuer sends
  ['an exp long ago', 'expired', sign(key, { ...payload, exp: -1e15 })],
  ['an nbf that is a string', 'wrong-claim', sign(key, { ...payload, nbf: '1' as unknown as number })], // what a bad issuer sends
  ['an nbf in the far future', 'not-yet-valid', sign(key, { ...payload, nbf: 3e22 })],
  ['an iat that is a string', 'wrong-claim', sign(key, { ...payload, iat: '1' as unknown as number })], // what a bad issuer sends
  ['an iss that is a list', 'wrong-claim', sign(key, { ...payload, iss: ['issuer'] as unknown as string })], // what a bad issuer sends
  ['an aud with a trailing blank', 'wrong-claim', sign(key, { ...payload, aud: 'api ' })],
  ['an aud that is an object', 'wrong-claim', sign(key, { ...payload, aud: { api: 'api' } as unknown as string })], // what a bad issuer sends
]

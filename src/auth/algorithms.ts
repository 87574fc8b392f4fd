const ofKey: Record<string, readonly string[]> = {
  RSA: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  'P-521': ['ES512'],
  Ed25519: ['Ed25519', 'EdDSA'],
}

/** Signatures by a private key that a public one verifies (RFC 7518, section 3.1; RFC 8037; RFC 9864). */
export const asymmetric: readonly string[] = Object.values(ofKey).flat()

/** What a public key can verify; nothing, where it is of a kind that signs no tokens. */
export function algorithmsOfKey(jwk: { kty?: string; crv?: string; alg?: string }): readonly string[] {
  const able = ofKey[(jwk.kty === 'RSA' ? jwk.kty : jwk.crv) ?? ''] ?? []
  return jwk.alg === undefined ? able : able.filter((algorithm) => algorithm === jwk.alg)
}

/**
 * The allow-list: a token's own `alg` chooses among these and never beyond (RFC 8725, sections 2.1 and 3.1).
 *
 * @param wanted what the options list; undefined takes what is usual
 * @param able what the key can verify
 * @throws TypeError of an algorithm that does not go with the key, `none` and HS256 with a public key among them
 */
export function allow(
  wanted: readonly string[] | undefined,
  able: readonly string[],
  usual: readonly string[] = able,
): string[] {
  if (wanted?.length === 0) throw new TypeError('algorithms is empty: no token could be verified')
  const stranger = wanted?.find((algorithm) => !able.includes(algorithm))
  if (stranger !== undefined) throw new TypeError(`The key cannot be used with ${stranger}, but ${able.join(', ')}`)
  return [...(wanted ?? usual)]
}

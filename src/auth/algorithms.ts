const algorithmsByKey: Record<string, readonly string[]> = {
  RSA: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  'P-521': ['ES512'],
  Ed25519: ['Ed25519', 'EdDSA'],
}

/** Algorithms with a private and a public key (RFC 7518, section 3.1; RFC 8037; RFC 9864). */
export const asymmetricAlgorithms: readonly string[] = Object.values(algorithmsByKey).flat()

/** Returns the algorithms that a public key can verify; an empty list for a key that cannot verify signatures. */
export function algorithmsOfKey(jwk: { kty?: string; crv?: string; alg?: string }): readonly string[] {
  const supported = algorithmsByKey[(jwk.kty === 'RSA' ? jwk.kty : jwk.crv) ?? ''] ?? []
  return jwk.alg === undefined ? supported : supported.filter((algorithm) => algorithm === jwk.alg)
}

/**
 * Returns the list of allowed algorithms. A token's `alg` can only select one of these (RFC 8725, sections 2.1 and 3.1).
 *
 * @param wanted the algorithms of the options; undefined takes `usual`
 * @param supported the algorithms that the key can verify
 * @throws TypeError when the list is empty or the key cannot verify an algorithm, such as `none`, or HS256 with a public key
 */
export function allowedAlgorithms(
  wanted: readonly string[] | undefined,
  supported: readonly string[],
  usual: readonly string[] = supported,
): string[] {
  if (wanted?.length === 0) throw new TypeError('algorithms must not be empty: no token could be verified')
  const unsupported = wanted?.find((algorithm) => !supported.includes(algorithm))
  if (unsupported !== undefined)
    throw new TypeError(`algorithms: the key cannot verify "${unsupported}", only ${supported.join(', ')}`)
  return [...(wanted ?? usual)]
}

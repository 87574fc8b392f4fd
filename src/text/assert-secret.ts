const lengthMin = 32

/**
 * @throws TypeError when a secret is absent or can be guessed: it has fewer than 32 characters. The message does not contain it
 * @example
 * assertSecret("createTenantSigner()'s secret", secret)
 */
export function assertSecret(name: string, secret: unknown): void {
  if (typeof secret !== 'string' || secret.length < lengthMin)
    throw new TypeError(`${name} must have at least ${lengthMin} characters: openssl rand -hex 32`)
}

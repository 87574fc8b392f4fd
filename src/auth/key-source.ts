import type { Context } from 'hono'
import type { JWTHeaderParameters } from 'jose'

/** Where the keys that verify tokens come from. */
export interface KeySource {
  /** What tokens may be signed with. */
  readonly algorithms: string[]
  /**
   * @param header a token's, which nobody has verified yet; its `alg` is one of {@link algorithms}
   * @throws JWKSNoMatchingKey, JWKSMultipleMatchingKeys of jose; AuthenticationFailure `issuer-unavailable`
   */
  find(header: JWTHeaderParameters, c: Context): Promise<CryptoKey>
}

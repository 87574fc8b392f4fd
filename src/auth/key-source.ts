import type { Context } from 'hono'
import type { JWTHeaderParameters } from 'jose'

/** Where the keys that verify tokens come from. */
export interface KeySource {
  /** The algorithms that tokens may be signed with. */
  readonly algorithms: string[]
  /**
   * @param header of an unverified token; its `alg` is one of {@link algorithms}
   * @throws jose's JWKSNoMatchingKey and JWKSMultipleMatchingKeys; AuthenticationFailure
   *   SERVICE_UNAVAILABLE, when the keys cannot be fetched
   */
  find(header: JWTHeaderParameters, c: Context): Promise<CryptoKey>
}

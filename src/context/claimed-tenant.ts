import { type TenantKey, tenantKinds } from './tenant-key.ts'

/** A tenant that the caller may act for, and the caller's roles in it. */
export type ClaimedTenant = TenantKey & {
  /**
   * The caller's roles in this tenant alone: `owner`, `member`. An empty list gives no permission.
   *
   * @default ['member']
   */
  readonly roles?: readonly string[] | undefined
}

/** Whether a value names a tenant by one text of one kind; a name that is undefined is absent. For values of JavaScript and of tokens, whose types say nothing. */
export function isTenantKey(value: unknown): value is TenantKey {
  if (typeof value !== 'object' || value === null) return false
  const values: unknown[] = tenantKinds.map((kind) =>
    Object.hasOwn(value, kind) ? Reflect.get(value, kind) : undefined,
  )
  const named = values.filter((one) => one !== undefined)
  return named.length === 1 && typeof named[0] === 'string' && named[0] !== ''
}

// Written from sql/ by test/docs/write-tables.ts. Do not edit: a test compares.

/**
 * The SECURITY DEFINER functions of sql/, with the SHA-256 of each body that sql/ gives them. With these bodies they reveal nothing about
 * other tenants; the checks report a function with another body.
 */
export const ourHashes: Record<string, string[]> = {
  'tenancy.current_tenant_id()': ['e75cf8a3ab143b4e297385d68a719e8215c8c2493c1325d38fa1a45cb5016446'],
  'tenancy.find_tenant(text,text)': ['ccb8bf3a4d226e219cd413c7ebc09894b1de7e023cc497fa4c8a35d2b116d835'],
  'tenancy.find_tenant(text)': ['e5ece2eb8276e8adf98fe9bbfc3b666033833b1280bb4ecb8642a8811d581eac'],
}

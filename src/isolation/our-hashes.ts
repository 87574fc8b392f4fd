// Written from sql/ by test/docs/write-tables.ts. Do not edit: a test compares.

/**
 * The SECURITY DEFINER functions of sql/, with the SHA-256 of each body that sql/ gives them. With these bodies they reveal nothing about
 * other tenants; the checks report a function with another body.
 */
export const ourHashes: Record<string, string[]> = {
  'tenancy.current_tenant_id()': ['3440a3bd7797f6ccd9f84bd279f30d9ad5c2cc526f1b5387ecae9df9ab93a330'],
  'tenancy.find_tenant(text,text)': ['ccb8bf3a4d226e219cd413c7ebc09894b1de7e023cc497fa4c8a35d2b116d835'],
  'tenancy.find_tenant(text)': ['e5ece2eb8276e8adf98fe9bbfc3b666033833b1280bb4ecb8642a8811d581eac'],
}

// Written from sql/ by test/docs/write-tables.ts. Do not edit: a test compares.

/** The SECURITY DEFINER functions of sql/, with the SHA-256 of each body that sql/ gives them. */
export const ourHashes: Record<string, string[]> = {
  'tenancy.current_tenant_id()': ['b523d9a31ce6955060f88b3da3acc0c6f16699fd934a6f3d0e8ffc4a42e131ea'],
  'tenancy.find_tenant(text,text)': ['ccb8bf3a4d226e219cd413c7ebc09894b1de7e023cc497fa4c8a35d2b116d835'],
  'tenancy.find_tenant(text)': ['e5ece2eb8276e8adf98fe9bbfc3b666033833b1280bb4ecb8642a8811d581eac'],
}

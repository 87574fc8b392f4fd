// Written from sql/ by test/docs/write-tables.ts. Do not edit: a test compares.

/**
 * The SECURITY DEFINER functions of sql/, with the SHA-256 of each body that sql/ gives them. With these bodies those of the serving role
 * reveal nothing about other tenants; the checks report a function with another body.
 */
export const ourHashes: Record<string, string[]> = {
  'tenancy.claim_idempotency_key(text,text,bytea)': [
    'e6f7d2c84260f436b4fd7fd360e1867bc9f49f45fa429c3101515132ae38d2ef',
  ],
  'tenancy.current_tenant_id()': ['3440a3bd7797f6ccd9f84bd279f30d9ad5c2cc526f1b5387ecae9df9ab93a330'],
  'tenancy.find_tenant(text,text)': ['05414ab07b55ade5374d939f3915b9d5e56e52529c5fbb27c1a7646088268e98'],
  'tenancy.find_tenant(text)': ['e5ece2eb8276e8adf98fe9bbfc3b666033833b1280bb4ecb8642a8811d581eac'],
  'tenancy.idempotency_id(text,text)': ['9fa917a7351d719d71fb715df36441b9498259bd92d6953b369a12b36ea43dc9'],
  'tenancy.purge_idempotency_keys(integer)': ['98fbfca3a59267d46891ec72616787fe066cef433f01c784e11c7c0b58134d13'],
  'tenancy.read_idempotent_answer(text,text,bytea)': [
    '817b34daa98cc2fd8ee2af84b095d171f39fc02111987499523694b237e3f618',
  ],
  'tenancy.read_tenant_history(text,uuid,integer)': [
    '1655973bde1a8de09fc1bb61810fa88bf2bb9409d85b32137ac1f54ee2ee2ea0',
  ],
  'tenancy.record_tenant_change()': ['8165f32e053a408654b9e98b694ab3e93f7381c1d5abd6521f4ff83527985ba1'],
  'tenancy.store_idempotent_answer(text,text,bytea,text)': [
    'a1da680bf1c4f368f029fa9ffac8542c76c58b64177f4dbf865b55b1b65435eb',
  ],
  'tenancy.take_task(text)': ['348b057fa96cda40cec2d399aa6000809901bb213d1f9cfd024940775a7ded4d'],
}

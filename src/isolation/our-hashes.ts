// Written from sql/ by test/docs/write-tables.ts. Do not edit: a test compares.

/**
 * The SECURITY DEFINER functions of sql/, with the SHA-256 of each body that sql/ gives them. With these bodies those of the serving role
 * reveal nothing about other tenants; the checks report a function with another body.
 */
export const ourHashes: Record<string, string[]> = {
  'tenancy.append_audit_logs(integer)': ['5edfa94807bba198abf8cc822cb0de0a57889a55f1a005cf52a383bfa4b68f9d'],
  'tenancy.audit_event(text,text,text,jsonb)': ['6406423a3b78dffbeac3404927fcd87127f565dab1d5760058828906a89d96b3'],
  'tenancy.claim_idempotency_key(text,text,bytea)': [
    'e6f7d2c84260f436b4fd7fd360e1867bc9f49f45fa429c3101515132ae38d2ef',
  ],
  'tenancy.count_old_trash(interval)': ['066a292f40b911c5b7df20e4801f96447bded66e3eca12a155083cbe5d70e814'],
  'tenancy.current_tenant_id()': ['3440a3bd7797f6ccd9f84bd279f30d9ad5c2cc526f1b5387ecae9df9ab93a330'],
  'tenancy.discard(text,text)': ['910c0331cf7dc516673c7c1e0a23fc501efa31c01c7d43bb267315a623bdc371'],
  'tenancy.erase_audit_changes(text,text,text)': ['e5f19a019b928d11cef6f839f5b0e5b891721474c217dce8b8c679ad092c85df'],
  'tenancy.find_tenant(text,text)': ['05414ab07b55ade5374d939f3915b9d5e56e52529c5fbb27c1a7646088268e98'],
  'tenancy.find_tenant(text)': ['e5ece2eb8276e8adf98fe9bbfc3b666033833b1280bb4ecb8642a8811d581eac'],
  'tenancy.idempotency_id(text,text)': ['9fa917a7351d719d71fb715df36441b9498259bd92d6953b369a12b36ea43dc9'],
  'tenancy.keep_deleted()': ['4f75030ff0690d181fc62d829b1992e4edb0d7746807e8e7e8d7ace980fc0736'],
  'tenancy.keep_reference()': ['35ed46dd9f6bc6f506138b9a642cd5ac189984a8d0534015fe265561cf437b94'],
  'tenancy.leave_trash()': ['803438dd45f41732209ed9ae6ae6dc64c2e36e9e5200b541b71ad879d4a5fa56'],
  'tenancy.make_audit_partitions()': ['a13f76784522f1b401443b06923f4d80b4da8d61424a65f831ac7ea2e66e6a3e'],
  'tenancy.prune_audit(timestamp with time zone)': ['cd63d36e5b9835c7ade607791bba819c4e1efad3f3421ffcdb38e42b3dec1827'],
  'tenancy.purge_idempotency_keys(integer)': ['98fbfca3a59267d46891ec72616787fe066cef433f01c784e11c7c0b58134d13'],
  'tenancy.purge_trash(interval,integer)': ['973f6a1afa57ede2ed1669ada724e2e06bf350f9ff4354eb261e5916fadb86ae'],
  'tenancy.read_audit_checkpoints(text)': ['da2a27cacf4ac059519f43a9ab929f72618823f490cff76e7fff80ba7902cab5'],
  'tenancy.read_audit_log(text,bigint,integer)': ['7a7482dcbebf68412db4fb6e15e0914523d1b67ab1427e46f527711e742b0729'],
  'tenancy.read_audit_logs()': ['9102a6fbb0c2a9f55aaa1e8f11deec4906d0f9270d46715c8a8b1ad9bf987402'],
  'tenancy.read_audit_pruned(text,bigint,integer)': [
    '248bb2e7adb970265d58280e83ab7e51dbfa65dc885a2f715cf0d913d147dd4d',
  ],
  'tenancy.read_idempotent_answer(text,text,bytea)': [
    '817b34daa98cc2fd8ee2af84b095d171f39fc02111987499523694b237e3f618',
  ],
  'tenancy.read_tenant_history(text,uuid,integer)': [
    '1655973bde1a8de09fc1bb61810fa88bf2bb9409d85b32137ac1f54ee2ee2ea0',
  ],
  'tenancy.record_change()': ['a76e8cc1fe0c54dfcd01a37ef80f6f09f4f60e645ba8e0fc34e141589cd8bed3'],
  'tenancy.record_tenant_change()': ['8165f32e053a408654b9e98b694ab3e93f7381c1d5abd6521f4ff83527985ba1'],
  'tenancy.store_audit_checkpoint(text,bigint,text)': [
    'a6f330bbe825c064cb3bdd0b871ea7c73569837e9a8b1e6490de5481b3809b53',
  ],
  'tenancy.store_idempotent_answer(text,text,bytea,text)': [
    'a1da680bf1c4f368f029fa9ffac8542c76c58b64177f4dbf865b55b1b65435eb',
  ],
  'tenancy.take_deleted(text,text,uuid)': ['015bbb7eac4ce503c96fbf64019bd938cd1fed9c292a539bf75763742fb42d3b'],
  'tenancy.take_from_trash(text,text)': ['e86e95e9b4790120ff6f402a66eb04802d48227accaef2bff331214340482916'],
  'tenancy.take_task(text)': ['348b057fa96cda40cec2d399aa6000809901bb213d1f9cfd024940775a7ded4d'],
  'tenancy.unsigned_audit_logs(integer)': ['54d0ec2773509cb514368942b91aa076b76695645e3b89941cdfcb941d061bca'],
}

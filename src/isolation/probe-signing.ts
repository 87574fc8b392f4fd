import { type TenantIds, tenantIdsOf } from '../context/internal.ts'
import { type Connection, query, type TenantSigner } from '../database/index.ts'
import { probeChecks } from './checks/probes.ts'
import { type Finding, toFinding } from './finding.ts'
import { firstColumn, inSavepoint } from './savepoint.ts'

/**
 * Sets a tenant as the service does, and checks that policies accept it. Other checks report a tenant function that is
 * missing or changed.
 *
 * @param signer as the tenant database has it; `none` for a service that sets plain tenants
 */
export async function probeSigning(connection: Connection, signer: TenantSigner | 'none'): Promise<Finding[]> {
  const tenantId = (await idsOf(connection)).random()
  const outcome = await inSavepoint(connection, async () => {
    await query(connection, "select set_config('app.current_tenant', $1, true)", [
      signer === 'none' ? tenantId : signer(tenantId),
    ])
    return await firstColumn(connection, 'select tenancy.current_tenant_id()::text')
  })
  // A function that does not verify returns the signature with the text.
  const sqlstate = 'sqlstate' in outcome ? outcome.sqlstate : outcome.value[0] === tenantId ? '' : '22P02'
  const problem = problems[signer === 'none' ? 'plain' : 'signed'][sqlstate]
  return problem ? [toFinding(probeChecks.signedContext, 'tenancy.current_tenant_id()', ...problem)] : []
}

/** The ids that the tenant function returns. */
async function idsOf(connection: Connection): Promise<TenantIds> {
  const [type] = await firstColumn(connection, typeQuery)
  return tenantIdsOf(type === 'text' || type === 'bigint' ? type : 'uuid')
}

const typeQuery = `select format_type(p.prorettype, null)
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname = 'tenancy' and p.proname = 'current_tenant_id' and p.pronargs = 0`

const sameKey = 'Give the service and "rowhouse migrate" the same TENANT_SIGNING_KEY.'
/** By SQLSTATE: sql/25-signed-context.sql raises RH001, RH002 and RH003; 22P02 is a signed tenant that is cast to uuid. */
const problems: Record<'signed' | 'plain', Record<string, [problem: string, remedy: string]>> = {
  plain: { RH001: ['it accepts signed tenants only, and the service has no signing key', sameKey] },
  signed: {
    RH001: ['it does not have the key that the service signs with', sameKey],
    RH002: [
      'by its clock the signatures of the service have expired',
      'Set the clocks of both hosts, for example by NTP.',
    ],
    '22P02': ['it does not verify signatures, and the service signs tenants', sameKey],
  },
}

import { demo } from '../../../db/schema/demo.ts'
import type { ConnectionSource } from '../../database/index.ts'
import type { Config } from '../config/config.ts'
import type { HomeOptions } from './home-routes.ts'
import { recordStatements } from './recorded-statements.ts'

/**
 * The home page of a service in development, with the connections whose statements it shows. Undefined where callers are verified, in
 * production, and where the page's requests would be refused: they name the tenants of the demo in the header.
 */
export function createHome({ auth, homePage, tenant }: Config, pool: ConnectionSource) {
  if (!homePage || auth.kind !== 'unverified' || auth.allowed) return undefined
  if (!tenant.from.includes('header') || tenant.directory === 'required') return undefined
  const connections = recordStatements(pool)
  const tenants = [
    { name: 'Acme', id: demo.acme.tenantId },
    { name: 'Globex', id: demo.globex.tenantId },
  ]
  const page: HomeOptions['page'] = { tenants, tenantHeader: tenant.header, statementsOf: connections.statementsOf }
  return { connections, page }
}

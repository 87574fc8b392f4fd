import type { TenantIdType } from '../context/index.ts'
import { tenantIdsOf } from '../context/internal.ts'
import type { testClient } from './client.ts'
import { casesOf } from './contract-cases.ts'
import { conditionCases } from './contract-conditions.ts'
import { type Fixtures, needsTenant, pathsOf } from './contract-document.ts'
import type { ContractCase } from './contract-send.ts'

export type { ContractCase } from './contract-send.ts'

export interface ContractOptions {
  client: ReturnType<typeof testClient>
  /** The OpenAPI document, as JSON. */
  document: string
  /**
   * Creates a row as the client's tenant and returns its id. For each field that references another resource, by the field's name; for
   * a parameter such as `{projectId}`, by its name; for `{id}`, by its collection, such as `/tasks`. Without a fixture for a parameter,
   * the cases create a row by POST from the document's example.
   *
   * @default {}
   */
  fixtures?: Fixtures
  /** The type of tenant ids. @default 'uuid' */
  tenantId?: TenantIdType | undefined
  /**
   * The operationIds to skip.
   *
   * @default []
   */
  except?: string[]
}

/**
 * Creates test cases for every operation of an OpenAPI document: without a tenant, with a malformed tenant, with another
 * tenant's id and an unknown id, with a malformed id, with malformed bodies, with an empty change, with references to another
 * tenant's rows, and with `If-Match` or `If-None-Match` where it declares them. Each response must match its declared schema
 * exactly. A new route gets its cases from the document; resources are created from the document's examples. Where the document
 * does not say enough, as for the parts of a multipart body, the case is skipped and its name says why.
 *
 * @throws TypeError for a document in which no operation needs a tenant
 * @example
 * for (const { name, run } of contractCases({ client, document, fixtures })) test(name, run)
 */
export function contractCases(options: ContractOptions): ContractCase[] {
  const { client, document, fixtures = {}, except = [] } = options
  const newTenant = tenantIdsOf(options.tenantId).random
  const parsed: unknown = JSON.parse(document)
  const paths = pathsOf(parsed)
  if (!Object.values(paths).some((operations) => Object.values(operations).some(needsTenant)))
    throw new TypeError('No operation of the document needs a tenant: declare the routes of tenants with tenantRoute()')
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { operationId }]) => !except.includes(operationId))
      .flatMap(([verb, operation]) => {
        const subject = {
          client,
          newTenant,
          document: parsed,
          fixtures,
          paths,
          path,
          operation,
          method: verb.toUpperCase(),
        }
        return [...casesOf(subject), ...conditionCases(subject)].map((one) => ({
          ...one,
          name: `${operation.operationId}: ${one.name}`,
        }))
      }),
  )
}

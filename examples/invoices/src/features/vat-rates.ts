import { z } from '@hono/zod-openapi'
import { asc } from 'drizzle-orm'
import { createRouter, json, ok, successOf, type TenantDatabase, type TenantEnv, tenantRoute } from 'rowhouse'
import { vatRates } from '../schema.ts'

const VatRate = z
  .object({ code: z.string(), percent: z.string() })
  .openapi('VatRate', { example: { code: 'AT-20', percent: '20.00' } })

/** A table that all tenants share. */
export const vatRateRoutes = ({ db }: { db: TenantDatabase }) =>
  createRouter<TenantEnv>().openapi(
    tenantRoute({
      method: 'get',
      path: '/',
      operationId: 'listVatRates',
      summary: 'List the rates of value added tax',
      tags: ['vat-rates'],
      responses: { 200: json(successOf(z.array(VatRate)), 'The rates') },
    }),
    async (c) => ok(c, await db.read((tx) => tx.select().from(vatRates).orderBy(asc(vatRates.code)))),
  )

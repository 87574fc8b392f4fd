import { createRoute, z } from '@hono/zod-openapi'
import { unavailable } from '../../errors/index.ts'
import { assertRowSecurity, type IsolationCheck } from '../../isolation/index.ts'
import { createRouter, failures, json } from '../../openapi/index.ts'
import type { ProbeEnv } from '../middleware/access-log.ts'

const status = (word: string, name: string) => z.object({ status: z.literal(word) }).openapi(name)

export interface HealthOptions {
  isolation: Pick<IsolationCheck, 'inspect'>
  /** Whether the process has begun to stop: then `/ready` is 503. */
  isStopping: () => boolean
}

/** Liveness and readiness for load balancers: plain JSON, without a tenant. */
export const healthRoutes = ({ isolation, isStopping }: HealthOptions) =>
  createRouter<ProbeEnv>()
    .openapi(
      createRoute({
        method: 'get',
        path: '/health',
        operationId: 'getHealth',
        summary: 'Check that the process is alive',
        tags: ['health'],
        responses: {
          200: json(status('ok', 'Health'), 'The process is alive'),
          ...failures(['INTERNAL_SERVER_ERROR']),
        },
      }),
      (c) => {
        c.set('isProbe', true)
        return c.json({ status: 'ok' }, 200)
      },
    )
    .openapi(
      createRoute({
        method: 'get',
        path: '/ready',
        operationId: 'getReadiness',
        summary: 'Check that the database answers and row-level security is in force',
        tags: ['health'],
        responses: {
          200: json(status('ready', 'Readiness'), 'The service is ready'),
          ...failures(['SERVICE_UNAVAILABLE', 'INTERNAL_SERVER_ERROR']),
        },
      }),
      async (c) => {
        if (isStopping()) {
          c.set('isProbe', true)
          throw unavailable(new Error('The service is stopping'))
        }
        try {
          assertRowSecurity(await isolation.inspect())
        } catch (error) {
          throw unavailable(error)
        }
        c.set('isProbe', true)
        return c.json({ status: 'ready' }, 200)
      },
    )

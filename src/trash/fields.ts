import { z } from '@hono/zod-openapi'
import type { Permission } from '../context/index.ts'
import type { Deletion } from './trash-pages.ts'

/**
 * The fields of a row in the trash, for the schema of a list with `trashPages`. Rows that are not deleted do not have them.
 *
 * @example
 * export const ListedTask = z.object({ ...Task.shape, ...deletionFields }).openapi('ListedTask')
 */
export const deletionFields = {
  deletedAt: z.iso
    .datetime()
    .optional()
    .openapi({ example: '2026-01-31T12:00:00.000Z', description: 'When it was deleted. Only with `deleted=only`' }),
  deletedBy: z
    .string()
    .nullable()
    .optional()
    .openapi({ example: 'ada', description: 'Who deleted it, null if that is not known. Only with `deleted=only`' }),
}

/**
 * The fields of {@link deletionFields} of a row that `trashPages` has read: none for a row that is not deleted.
 *
 * @example
 * ok(c, rows.map((row) => ({ ...toTask(row), ...deletionOf(row) })), { meta })
 */
export const deletionOf = ({
  deletedAt,
  deletedBy = null,
}: Partial<Deletion>): { deletedAt?: string; deletedBy?: string | null } =>
  deletedAt === undefined ? {} : { deletedAt: deletedAt.toISOString(), deletedBy }

/**
 * The query string of a DELETE: `?permanent=true` deletes for good.
 *
 * @param permission what the caller needs for it: the handler asks for it by `authorize`
 * @example
 * request: { params, query: permanentQuery('tasks:purge') }
 */
export const permanentQuery = (permission: Permission) =>
  z.object({
    permanent: z
      .string()
      .refine((value) => value === 'true' || value === 'false', 'Must be true or false')
      .transform((value) => value === 'true')
      .optional()
      .openapi({
        type: 'boolean',
        description: `Whether to delete it for good, also from the trash, with what fell with it. The caller needs ${permission}`,
      }),
  })

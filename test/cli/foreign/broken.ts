import { sql } from 'drizzle-orm'
import { foreignKey, integer, pgTable, primaryKey, serial, text, unique, uniqueIndex, uuid } from 'drizzle-orm/pg-core'

// A schema whose problems no generated SQL can fix.

export const owners = pgTable(
  'owners',
  {
    tenantId: uuid('tenant_id'),
    id: uuid('id').primaryKey(),
    email: text('email').unique(),
    name: text('name'),
    number: serial('number'),
    place: integer('place').generatedAlwaysAsIdentity(),
  },
  (t) => [unique().on(t.name, t.tenantId), uniqueIndex('owners_email_lower').on(sql`lower(${t.email})`, t.tenantId)],
)

export const houses = pgTable(
  'houses',
  {
    tenantId: integer('tenant_id').notNull(),
    id: uuid('id').notNull(),
    ownerId: uuid('owner_id').references(() => owners.id),
    formerId: uuid('former_id'),
  },
  (t) => [
    primaryKey({ columns: [t.id, t.tenantId] }),
    foreignKey({
      name: 'houses_former',
      columns: [t.tenantId, t.formerId],
      foreignColumns: [owners.tenantId, owners.id],
    }).onDelete('set null'),
  ],
)

export const visits = pgTable('visits', { ownerId: uuid('owner_id').references(() => owners.id) })

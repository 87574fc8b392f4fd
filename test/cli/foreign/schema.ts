import { sql } from 'drizzle-orm'
import {
  bigserial,
  boolean,
  char,
  check,
  date,
  doublePrecision,
  foreignKey,
  index,
  inet,
  integer,
  interval,
  jsonb,
  numeric,
  pgEnum,
  pgSchema,
  pgTable,
  point,
  primaryKey,
  serial,
  text,
  time,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'

// Several schemas, odd names, another tenant column, and no import of this kit.

export const shop = pgSchema('weird.name')
export const crm = pgSchema('crm')
export const mood = crm.enum('Mood', ['glad', "can't say"])
export const size = pgEnum('size', ['s', 'm'])

const orgId = () => uuid('Org Id').notNull()

/** Shared by all tenants. */
export const countries = pgTable('countries', { code: char('code', { length: 2 }).primaryKey(), name: text('name') })

/** Without a tenant column and not shared: the serving role cannot read it. */
export const jobs = pgTable('jobs', { id: serial('id').primaryKey(), big: bigserial({ mode: 'bigint' }).notNull() })

export const members = crm.table(
  'members',
  {
    orgId: orgId().default(sql`tenancy.current_tenant_id()`),
    id: uuid('id').notNull().defaultRandom(),
    email: varchar('email', { length: 320 }).notNull(),
    nick: text('nick'),
    mood: mood('mood'),
    moods: mood('moods').array(),
    country: char('country', { length: 2 }).references(() => countries.code),
    updatedAt: integer('updated_at'),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    uniqueIndex('members_email').on(t.orgId, sql`lower(${t.email})`).where(sql`${t.email} <> ''`),
    unique('members_nick').on(t.orgId, t.nick).nullsNotDistinct(),
  ],
)

export const orders = shop.table(
  'Order',
  {
    orgId: orgId(),
    id: integer('id').generatedAlwaysAsIdentity(),
    serialNumber: integer('serial number').generatedByDefaultAsIdentity(),
    memberId: uuid('memberId').notNull(),
    amount: numeric('amount', { precision: 10, scale: 2 }).notNull(),
    code: varchar('code', { length: 20 }).notNull().default('none'),
    placedAt: timestamp('placed_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    local: timestamp('local'),
    day: date('day'),
    at: time('at', { precision: 0 }),
    took: interval('took', { fields: 'day to second', precision: 3 }),
    tags: text('tags').array().notNull().default([]),
    grid: integer('grid').array(3).array(3),
    meta: jsonb('meta'),
    size: size('size').default('m'),
    ratio: doublePrecision('ratio'),
    done: boolean('done').notNull().default(false),
    from: inet('from'),
    place: point('place'),
    double: numeric('double').generatedAlwaysAs(sql`amount * 2`),
  },
  (t) => [
    primaryKey({ name: 'order pkey', columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId, t.memberId], foreignColumns: [members.orgId, members.id] })
      .onDelete('cascade')
      .onUpdate('cascade'),
    check('order amount', sql`${t.amount} >= 0`),
    index('order_when').on(t.orgId, t.placedAt.desc()),
  ],
)

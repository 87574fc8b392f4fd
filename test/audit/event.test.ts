import { describe, expect, test } from 'bun:test'
import { type AuditEvent, audit } from '../../src/audit/index.ts'
import { db } from '../database.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { readerOf, write } from './log.ts'

const sent = { action: 'invoice.sent', resource: 'invoices', target: '17', changes: { to: { from: null, to: 'ada' } } }

test('an event of the application is an entry of its transaction', async () => {
  const { tenant, entries } = readerOf()
  const id = await withTenant(tenant, () => db.write((tx) => audit.event(tx, sent)), { actor: 'job-1' })
  expect(await entries()).toEqual([
    {
      ...{ id, at: expect.any(String), position: null, action: 'invoice.sent', resource: 'invoices', targetId: '17' },
      ...{ actor: 'job-1', requestId: null, source: 'event', reason: null, changes: { to: { from: null, to: 'ada' } } },
    },
  ])
})

test('an event without a target and without changes has none', async () => {
  const { tenant, entries } = readerOf()
  await write(tenant, async (tx) => void (await audit.event(tx, { action: 'report.ran', resource: 'reports' })))
  expect(await entries()).toMatchObject([{ targetId: null, changes: {} }])
})

test('an event of a transaction that is rolled back is no entry', async () => {
  const { tenant, entries } = readerOf()
  const failing = write(tenant, async (tx) => {
    await audit.event(tx, sent)
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(await entries()).toEqual([])
})

test('texts that look like JSON or SQL stay what they are', async () => {
  const { tenant, entries } = readerOf()
  const texts = ['{"a": 1}', "'; drop table users; --", '1e400', '\u2028', '__proto__', 'ü🎉']
  const changes = Object.fromEntries(texts.map((text) => [`c ${text}`, { from: text, to: null }]))
  await write(tenant, async (tx) => void (await audit.event(tx, { ...sent, changes })))
  expect((await entries())[0]?.changes).toEqual(changes)
})

describe('an event is refused before anything is sent', () => {
  test.each<[string, object]>([
    ['The action', { action: 'sent' }],
    ['The action', { action: 'Invoice.sent' }],
    ['The action', { action: 'invoice.sent ' }],
    ['The action', { action: `a.${'b'.repeat(99)}` }],
    ['The resource', { resource: '' }],
    ['The resource', { resource: 17 }],
    ['The target', { target: 17 }],
    ['The target', { target: 'a\0' }],
    ['The change "total"', { changes: { total: { from: '1' } } }],
    ['The change "total"', { changes: { total: '1' } }],
    ['The change "total"', { changes: { total: { from: '1', to: '2', by: 'ada' } } }],
    ['"to" of the change "total"', { changes: { total: { from: '1', to: 2 } } }],
    ['"from" of the change "total"', { changes: { total: { from: '\ud800', to: null } } }],
    ['name of a change', { changes: { '\0': { from: null, to: null } } }],
  ])('by a sentence about %s: %j', async (about, wrong) => {
    const { tenant, entries } = readerOf()
    const given = { ...sent, ...wrong } as AuditEvent // as JavaScript could pass it
    const error = await write(tenant, async (tx) => void (await audit.event(tx, given))).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain(about)
    expect(await entries()).toEqual([])
  })
})

test('an event outside of a tenant does not compile without a transaction, and a read transaction refuses it', async () => {
  const reading = withTenant(newTenant(), () => db.read((tx) => audit.event(tx, sent)))
  await expect(reading).rejects.toThrow()
})

import { describe, expect, test } from 'bun:test'
import { runInContext } from '../../src/context/context.ts'
import {
  resumeFromMessage,
  TenantNotCarried,
  TenantRequired,
  tenantContext,
  tenantMessageHeaders,
} from '../../src/context/index.ts'
import { contextOf, newTenant, respelled, tenantIds, withTenant } from '../tenants.ts'

const own = contextOf(newTenant())
const id = own.tenantId
const bytes = (text: string) => new TextEncoder().encode(text)
const resumed = (headers: Record<string, unknown> | undefined) => resumeFromMessage(headers, tenantContext, tenantIds)

describe('the headers of a message', () => {
  test('contain the tenant, the actor and the request id beside the given headers', () => {
    const headers = runInContext({ ...own, actor: 'ada', requestId: 'r-1' }, () =>
      tenantMessageHeaders({ traceparent: bytes('00-1-2-01'), Type: 'invoice' }),
    )
    expect(headers).toEqual({
      traceparent: bytes('00-1-2-01'),
      Type: 'invoice',
      'x-tenant-id': id,
      'x-actor': 'ada',
      'x-request-id': 'r-1',
    })
    expect(resumed(headers)).toEqual({ ...own, actor: 'ada', requestId: 'r-1' })
  })

  test('replace a given tenant and actor, in any case, and do not change the given object', () => {
    const given = { 'X-Tenant-Id': newTenant(), 'x-tenant-id': newTenant(), 'X-Actor': 'eve', 'X-Request-Id': 'r-0' }
    const before = { ...given }
    expect(withTenant(id, () => tenantMessageHeaders(given))).toEqual({ 'x-tenant-id': id, 'X-Request-Id': 'r-0' })
    expect(given).toEqual(before)
  })

  test('throw outside of any tenant', () => {
    expect(() => tenantMessageHeaders()).toThrow(TenantRequired)
  })

  test('throw for an invalid actor', () => {
    // A custom Authentication can return such an actor.
    const context = { ...own, actor: 'ada\n' }
    expect(() => runInContext(context, () => tenantMessageHeaders())).toThrow(TenantNotCarried)
  })
})

describe('a message', () => {
  test.each<[string, Record<string, unknown>]>([
    ['text', { 'x-tenant-id': id }],
    ['text in another spelling', { 'x-tenant-id': respelled(id) }],
    ['bytes', { 'x-tenant-id': bytes(id) }],
    ['a Buffer', { 'x-tenant-id': Buffer.from(id) }],
    ['a list of one text', { 'x-tenant-id': [id] }],
    ['a list of one Buffer', { 'x-tenant-id': [Buffer.from(id)] }],
    ['a name in another case', { 'X-Tenant-ID': id }],
    ['a name that is given twice, but once without a value', { 'X-Tenant-ID': id, 'x-tenant-id': undefined }],
  ])('resumes with its tenant as %s', (_form, headers) => {
    expect(resumed(headers)).toEqual(own)
  })

  test('resumes with an actor in any script', () => {
    expect(resumed({ 'x-tenant-id': id, 'X-Actor': bytes('用户') })).toEqual({ ...own, actor: '用户' })
  })

  test('resumes as its own tenant inside of another tenant’s work', () => {
    expect(withTenant(newTenant(), () => resumed({ 'x-tenant-id': id }), { actor: 'eve' })).toEqual(own)
  })

  test.each<[string, string, Record<string, unknown> | undefined]>([
    ['no headers', 'x-tenant-id', undefined],
    ['no tenant', 'x-tenant-id', { traceparent: '00-1-2-01' }],
    ['an invalid tenant', 'x-tenant-id', { 'x-tenant-id': '_acme' }],
    ['an empty tenant', 'x-tenant-id', { 'x-tenant-id': '' }],
    ['null', 'x-tenant-id', { 'x-tenant-id': null }],
    ['an object', 'x-tenant-id', { 'x-tenant-id': { StringValue: id } }],
    ['two names that differ by case', 'x-tenant-id', { 'X-Tenant-Id': id, 'x-tenant-id': id }],
    ['two values', 'x-tenant-id', { 'x-tenant-id': [id, id] }],
    ['no value', 'x-tenant-id', { 'x-tenant-id': [] }],
    ['a list in a list', 'x-tenant-id', { 'x-tenant-id': [[id]] }],
    ['two values in a text', 'x-tenant-id', { 'x-tenant-id': `${id}, ${id}` }],
    ['bytes that are not UTF-8', 'x-tenant-id', { 'x-tenant-id': new Uint8Array([0xff]) }],
    ['bytes with a byte order mark', 'x-tenant-id', { 'x-tenant-id': bytes(`\ufeff${id}`) }],
    ['two actors', 'x-actor', { 'x-tenant-id': id, 'X-Actor': 'ada', 'x-actor': 'ada' }],
    ['an actor on two lines', 'x-actor', { 'x-tenant-id': id, 'x-actor': bytes(`ada\n${id}`) }],
    ['an undefined actor in a list', 'x-actor', { 'x-tenant-id': id, 'x-actor': [undefined] }],
    ['an actor that is not UTF-8', 'x-actor', { 'x-tenant-id': id, 'x-actor': new Uint8Array([0x61, 0xff]) }],
    ['a request id with a space', 'x-request-id', { 'x-tenant-id': id, 'x-request-id': 'r 1' }],
  ])(
    'is rejected with %s: the error names %s without the value, and the work does not run',
    (_what, field, headers) => {
      const seen: unknown[] = []
      try {
        resumeFromMessage(headers, () => seen.push('The work ran'), tenantIds)
      } catch (error) {
        seen.push(error)
      }
      expect(seen).toEqual([expect.any(TenantNotCarried)])
      expect(seen).toEqual([expect.objectContaining({ field, message: expect.not.stringContaining(id) })])
    },
  )
})

import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { type ColumnChanges, changesHash, changesText, type LeafFields, leafOf } from '../../src/audit/leaf.ts'
import { asOwner, main } from '../database.ts'
import { timeoutMs, tries } from '../properties/settings.ts'
import { hex } from './vectors.ts'

const fields: LeafFields = {
  tenantId: '550e8400-e29b-41d4-a716-446655440000',
  position: 5,
  id: '019ac0de-0000-7000-8000-000000000000',
  at: '2026-11-28T19:04:00.000Z',
  action: 'update',
  resource: 'tasks',
  targetId: 'ä€😀',
  actor: null,
  requestId: '',
  source: 'row',
  reason: 'a,1:b',
  changesHash: '00'.repeat(32),
}

describe('leafOf()', () => {
  test('hashes each field by its length in bytes, and null apart from empty text', () => {
    const text =
      '36:550e8400-e29b-41d4-a716-446655440000,1:5,36:019ac0de-0000-7000-8000-000000000000,24:2026-11-28T19:04:00.000Z,' +
      `6:update,5:tasks,9:ä€😀,-,0:,3:row,5:a,1:b,64:${'00'.repeat(32)},`
    expect(hex(leafOf(fields))).toBe(createHash('sha256').update(`\0${text}`).digest('hex'))
  })

  test('gives another leaf when any field differs', () => {
    const others = Object.keys(fields).map((field) =>
      leafOf({ ...fields, [field]: field === 'position' ? 6 : 'other' }),
    )
    const moved = [
      leafOf({ ...fields, source: null, reason: 'row' }),
      leafOf({ ...fields, actor: '', requestId: null }),
    ]
    expect(new Set([leafOf(fields), ...others, ...moved].map(hex)).size).toBe(Object.keys(fields).length + 3)
  })

  test('refuses text that UTF-8 cannot hold, which would have the leaf of other text', () => {
    expect(() => leafOf({ ...fields, actor: '\ud800' })).toThrow('not well-formed')
  })
})

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({
    unit: fc.constantFrom(...'aAzé€😀ßπ\t\n\r\b\f\v"\\/\'\u0001\u001f\u007f\u0080\u2028\ufeff\ufffd'),
    maxLength: 6,
  }),
)
/** What PostgreSQL can store: no U+0000 in text. */
const stored = text.filter((one) => one.isWellFormed() && !one.includes('\0'))
const changes = fc.dictionary(
  fc.oneof(stored, fc.constantFrom('1', '10', '2', '__proto__', 'constructor')),
  fc.record({ from: fc.option(stored), to: fc.option(stored) }),
  { maxKeys: 8 },
)

describe('changesText()', () => {
  test('has the order and the spaces of jsonb', () => {
    const given = { title: { from: 'a', to: null }, id: { from: null, to: 'x"y' }, é: { from: null, to: null } }
    expect(changesText(given)).toBe(
      '{"id": {"to": "x\\"y", "from": null}, "é": {"to": null, "from": null}, "title": {"to": null, "from": "a"}}',
    )
    expect(changesText({})).toBe('{}')
  })

  test(
    'is what PostgreSQL writes',
    async () => {
      const owner = asOwner(main)
      await fc.assert(
        fc.asyncProperty(fc.array(changes, { minLength: 1, maxLength: 40 }), async (all: ColumnChanges[]) => {
          const rows = await owner.unsafe(
            `select one::jsonb::text as text, encode(sha256('\\x00ff'::bytea || convert_to(one::jsonb::text, 'UTF8')), 'hex') as hash
           from json_array_elements_text($1::text::json) with ordinality as given(one, at) order by at`,
            [JSON.stringify(all.map((one) => JSON.stringify(one)))],
          )
          expect(all.map(changesText)).toEqual(rows.map(({ text }) => String(text)))
          expect(all.map((one) => changesHash('00ff', one))).toEqual(rows.map(({ hash }) => String(hash)))
        }),
        tries(40),
      )
    },
    timeoutMs,
  )
})

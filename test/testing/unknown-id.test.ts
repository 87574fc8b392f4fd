import { expect, test } from 'bun:test'
import { idLike } from '../../src/testing/unknown-id.ts'

test.each([
  [
    'a UUID',
    'f47ac10b-58cc-4372-a567-0e02b2c3d479',
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  ],
  ['a number', '17', /^2\d{9}$/],
  ['a cuid', 'ckx9q2h3s0000qzrmn831i7rn', /^c[0-9a-z]{24}$/],
  ['an id with a prefix', 'org_2NxPqZvT9', /^org_2[1-9A-Za-z]{8}$/],
  ['a ULID', '01ARZ3NDEKTSV4RRFFQ69G5FAV', /^0[0-9A-HJKMNP-TV-Z]{25}$/],
  ['an ObjectId', '507f1f77bcf86cd799439011', /^5[0-9a-f]{23}$/],
])('an unknown id has the form of %s', (_, sample, form) => {
  const id = idLike(sample)
  expect(id).toMatch(form)
  expect(id).not.toBe(sample)
})

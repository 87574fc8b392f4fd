import { expect, test } from 'bun:test'
import { spellings } from '../../src/text/index.ts'

test.each([
  ['public.user', ['public.user', 'public."user"', '"public".user', '"public"."user"']],
  ['public."user"', ['public.user', 'public."user"', '"public".user', '"public"."user"']],
  ['app."Order ""1"""', ['app."Order ""1"""', '"app"."Order ""1"""']],
  ['app.Orders', ['app."Orders"', '"app"."Orders"']],
  ['users', ['users']],
])('%s can be written as %j', (given, all) => {
  expect(spellings(given)).toEqual(all)
})

test('a name with a quote in it is not the name without', () => {
  expect(spellings('app."""user"""')).not.toContain('app."user"')
})

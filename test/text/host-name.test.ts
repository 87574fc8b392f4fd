import { describe, expect, test } from 'bun:test'
import { parseDomain } from '../../src/text/index.ts'

describe('the canonical form of a domain', () => {
  test.each([
    ['shop.acme.example', 'shop.acme.example'],
    ['SHOP.Acme.EXAMPLE', 'shop.acme.example'],
    ['shop.acme.example.', 'shop.acme.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['ｅｘａｍｐｌｅ.com', 'example.com'],
    ['日本。example', 'xn--wgv71a.example'],
  ])('of %p is %p', (text, canonical) => {
    expect(parseDomain(text)).toBe(canonical)
    expect(parseDomain(canonical)).toBe(canonical)
  })

  test.each([
    ...[
      '',
      '.',
      'localhost',
      'example',
      'a..example',
      '-a.example',
      'a-.example',
      'a_b.example',
      '*.example',
      'a.1',
      'a.example..',
    ],
    ...[
      '127.0.0.1',
      '0x7f.1',
      '[::1]',
      '::1',
      'a.example:80',
      'https://a.example',
      'a.example/x',
      'u@a.example',
      'a.example?x',
    ],
    ...[
      'a.example#x',
      'a%2eexample',
      'a b.example',
      'a.example\n',
      '\\a.example',
      `${'a'.repeat(64)}.example`,
      'a.'.repeat(130),
    ],
  ])('%p has none', (text) => {
    expect(parseDomain(text)).toBeUndefined()
  })
})

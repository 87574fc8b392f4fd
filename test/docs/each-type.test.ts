import { describe, expect, test } from 'bun:test'
import { anyType, elsewhere, paths, proofsFor, reasonFor, without } from '../deep/tenant-ids/each-type.ts'
import { guarantees } from './guarantees.ts'

// test/deep/tenant-ids/suite.test.ts runs these proofs with each type, and fails when one of them did not run.

const ofEachType = guarantees.filter(({ number }) => !(number in anyType))
/** test/tenant-ids has a describe for each type. */
const hasTypes = (file: string) => file.startsWith('test/tenant-ids/')

describe.each(ofEachType)('guarantee G$number', (guarantee) => {
  test('is proved with tenant ids of each type', () => {
    const own = guarantee.tests.filter(({ file }) => hasTypes(file)).map(({ title }) => title)
    const hasOwn = ['text', 'bigint'].every((type) => own.some((title) => title.startsWith(`ids of type ${type}`)))
    expect(hasOwn || proofsFor(guarantee).length > 0).toBe(true)
  })

  test('has a reason for each proof that runs with uuids alone', () => {
    const others = guarantee.tests.filter((proof) => !hasTypes(proof.file) && !proofsFor(guarantee).includes(proof))
    expect(others.filter((proof) => reasonFor(proof) === undefined)).toEqual([])
  })
})

test('a reason belongs to a guarantee that exists, and to a proof or a file that exists', async () => {
  const numbers = guarantees.map(({ number }) => number)
  expect(Object.keys(anyType).filter((number) => !numbers.includes(Number(number)))).toEqual([])
  const proofs = ofEachType.flatMap(({ tests }) => tests)
  const isUsed = (key: string) => proofs.some(({ file, title }) => file === key || title === key)
  expect(Object.keys(elsewhere).filter((key) => !isUsed(key))).toEqual([])
  const files = Object.keys(without).filter((pattern) => [...new Bun.Glob(pattern).scanSync('.')].length === 0)
  expect(files).toEqual([])
})

test('tests that run with each type take withTenant() from test/tenants.ts, which passes the type', async () => {
  const files = paths.flatMap((path) =>
    path.endsWith('.ts') ? [path] : [...new Bun.Glob(`${path}/**/*.ts`).scanSync('.')],
  )
  const ofTheKit = /import \{[^}]*\bwithTenant\b[^}]*\} from '[./]+src\//
  const texts = await Promise.all(files.map(async (file) => [file, await Bun.file(file).text()] as const))
  expect(texts.length).toBeGreaterThan(100)
  expect(texts.filter(([, text]) => ofTheKit.test(text)).map(([file]) => file)).toEqual([])
})

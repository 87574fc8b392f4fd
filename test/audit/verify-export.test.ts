import { describe, expect, test } from 'bun:test'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { createCheckpointSigner, createSigningKey, linesOf, verifyExport } from '../../src/audit/index.ts'
import { tries } from '../properties/settings.ts'
import {
  changed,
  checkpointOf,
  createLog,
  erased,
  keys,
  type Line,
  leafAt,
  lineAt,
  linesOfLog,
  prunedLine,
  signer,
  tenantId,
} from './log.ts'
import { hex, rootByDefinition } from './vectors.ts'

const log = createLog(10)
const whole = checkpointOf(log)
const verify = (lines: readonly unknown[], checkpoints: string[] = [whole]) =>
  verifyExport({ lines: linesOfLog(lines), checkpoints, keys })
const problemOf = async (lines: readonly unknown[], checkpoints?: string[]) =>
  (await verify(lines, checkpoints)).problem

describe('a log as it was', () => {
  test('is verified, with its size and root', async () => {
    const root = hex(rootByDefinition(log.map((line) => leafAt(line))))
    expect(await verify(log)).toEqual({
      ...{ tenantId, size: 10, root, erased: 0, pruned: 0, uncovered: 0, problem: undefined },
    })
  })

  test('is verified when it is empty', async () => {
    expect(await verify([], [checkpointOf([])])).toMatchObject({ size: 0, problem: undefined })
  })

  test('is verified after changes were erased, and counts them', async () => {
    const lines = changed(changed(log, 3, erased), 7, erased)
    expect(await verify(lines)).toMatchObject({ size: 10, erased: 2, problem: undefined })
  })

  test('is verified after months were pruned, and counts their entries', async () => {
    const lines = log.map((line) => (line.position <= 4 ? prunedLine(line) : line))
    expect(await verify(lines)).toMatchObject({ size: 10, pruned: 4, problem: undefined })
  })

  test('is verified with entries that no checkpoint covers yet, and counts them', async () => {
    const report = await verify(log, [checkpointOf(log, 6)])
    expect(report).toMatchObject({ size: 6, uncovered: 4, problem: undefined })
    expect(report.root).toBe(hex(rootByDefinition(log.slice(0, 6).map((line) => leafAt(line)))))
  })

  test('is verified by several checkpoints in any order', async () => {
    const checkpoints = [8, 2, 10, 2].map((size) => checkpointOf(log, size))
    expect(await verify(log, checkpoints)).toMatchObject({ size: 10, problem: undefined })
  })

  test('is verified with CRLF, empty lines and spaces in its lines', async () => {
    const lines = log.map((line) => `${JSON.stringify(line, undefined, 1).replaceAll('\n', ' ')}\r`)
    expect(await verifyExport({ lines: [...lines, '', ' '], checkpoints: [whole], keys })).toMatchObject({
      ...{ size: 10, problem: undefined },
    })
  })
})

describe('a changed log', () => {
  const others: Partial<Line>[] = [
    ...[{ id: crypto.randomUUID() }, { at: '2020-01-01T00:00:00.000Z' }, { action: 'deleted' }, { resource: 'users' }],
    ...[{ targetId: null }, { actor: 'eve' }, { requestId: '' }, { source: 'admin' }, { reason: 'why not' }],
  ]
  test.each(others)('is found with the range up to the checkpoint: %j', async (other) => {
    expect(await problemOf(changed(log, 5, other))).toEqual({
      ...{ code: 'root', from: 1, to: 10 },
      message: 'At least one of the entries 1 to 10 is not as it was for the checkpoint of 10',
    })
  })

  test('is found between the last checkpoint that matches and the first one that does not', async () => {
    const checkpoints = [2, 4, 6, 10].map((size) => checkpointOf(log, size))
    expect(await verify(changed(log, 5, { actor: 'eve' }), checkpoints)).toMatchObject({
      size: 4,
      problem: { code: 'root', from: 5, to: 6 },
    })
    expect(await problemOf(changed(log, 1, { actor: 'eve' }), checkpoints)).toMatchObject({ from: 1, to: 2 })
  })

  test('is found at the exact entry when values were changed', async () => {
    const changes = { title: { from: null, to: 'other' } }
    expect(await problemOf(changed(log, 5, { changes }))).toEqual({
      ...{ code: 'changes', from: 5, to: 5 },
      message: 'The changes of entry 5 are not those that were recorded',
    })
    expect(await problemOf(changed(log, 5, { salt: '00' }))).toMatchObject({ code: 'changes', from: 5 })
  })

  test('is found when values were changed behind the last checkpoint', async () => {
    const lines = changed(log, 9, { changes: {} })
    expect(await problemOf(lines, [checkpointOf(log, 5)])).toMatchObject({ code: 'changes', from: 9, to: 9 })
  })

  test('is found when changes were added to an entry, or half of them removed', async () => {
    const without = changed(log, 5, { ...erased, changesHash: null })
    const added = changed(without, 5, { changes: { title: { from: null, to: 'x' } }, salt: '00' })
    expect(await problemOf(without, [checkpointOf(without)])).toBeUndefined()
    expect(await problemOf(added, [checkpointOf(without)])).toMatchObject({ code: 'changes', from: 5 })
    expect(await problemOf(changed(log, 5, { changes: null }))).toMatchObject({ code: 'changes', from: 5 })
    expect(await problemOf(changed(log, 5, { salt: null }))).toMatchObject({ code: 'changes', from: 5 })
  })

  test('is found when an erased entry was changed', async () => {
    const lines = changed(log, 5, { ...erased, actor: 'eve' })
    expect(await problemOf(lines)).toMatchObject({ code: 'root', from: 1, to: 10 })
    const hash = changed(log, 5, { ...erased, changesHash: '0'.repeat(64) })
    expect(await problemOf(hash)).toMatchObject({ code: 'root' })
  })

  test('is found when the hash of a pruned entry was changed', async () => {
    const lines = log.map((line) => (line.position === 1 ? { position: 1, leaf: '0'.repeat(64) } : line))
    expect(await problemOf(lines)).toMatchObject({ code: 'root', from: 1, to: 10 })
  })

  test('is found when entries are missing', async () => {
    expect(await problemOf(log.toSpliced(4, 2))).toEqual({
      ...{ code: 'missing', from: 5, to: 6, message: 'Entries 5 to 6 are missing' },
    })
    expect(await problemOf(log.toSpliced(0, 1))).toMatchObject({ code: 'missing', from: 1, to: 1 })
    expect(await problemOf(log.slice(0, 8))).toMatchObject({ code: 'missing', from: 9, to: 10 })
    expect(await problemOf([])).toMatchObject({ code: 'missing', from: 1, to: 10 })
  })

  test('is found when an entry was removed and the later ones moved up', async () => {
    const moved = log.toSpliced(4, 1).map((line, at) => ({ ...line, position: at + 1 }))
    expect(await problemOf([...moved, lineAt(10)])).toMatchObject({ code: 'root', from: 1, to: 10 })
    expect(await problemOf(moved)).toMatchObject({ code: 'missing', from: 10, to: 10 })
  })

  test('is found when an entry is there twice, or out of its place', async () => {
    expect(await problemOf(log.toSpliced(4, 0, lineAt(4)))).toEqual({
      ...{ code: 'duplicate', from: 4, to: 4, message: 'Entry 4 is there twice, or not in its place' },
    })
    const swapped = [...log.slice(0, 4), log[5], log[4], ...log.slice(6)]
    expect(await problemOf(swapped)).toMatchObject({ code: 'missing', from: 5, to: 5 })
  })

  test('is found when two entries changed their places with their positions', async () => {
    const swapped = log.map((line) => {
      const other = { 5: 6, 6: 5 }[line.position]
      return other === undefined ? line : { ...log[other - 1], position: line.position }
    })
    expect(await problemOf(swapped)).toMatchObject({ code: 'root' })
  })

  test('is found when it is of another tenant', async () => {
    const other = crypto.randomUUID()
    const root = rootByDefinition(log.map((line) => leafAt(line)))
    expect(await problemOf(log, [signer.sign({ tenantId: other, size: 10, root })])).toMatchObject({ code: 'root' })
  })

  test('is found, whatever of one entry is changed', async () => {
    const field = fc.constantFrom(...(Object.keys(log[0] ?? {}) as (keyof Line)[]))
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 10 }), field, fc.string(), async (position, name, text) => {
        const lines = changed(log, position, { [name]: text })
        expect(await problemOf(lines)).toBeDefined()
      }),
      tries(60),
    )
  })
})

describe('a line', () => {
  const line = JSON.stringify(log[0])
  test.each([
    ['is no JSON', '{'],
    ['is no object', '[]'],
    ['is null', 'null'],
    ['lacks a field', JSON.stringify({ ...log[0], reason: undefined })],
    ['has a field more', JSON.stringify({ ...log[0], note: 'x' })],
    ['names a field twice', line.replace('"actor"', '"actor":"eve","actor"')],
    ['names a field twice by an escape', line.replace('"actor"', '"\\u0061ctor":"eve","actor"')],
    ['names a column twice', line.replace('"title":', '"title":{"from":null,"to":"x"},"title":')],
    ['has a position as text', JSON.stringify({ ...log[0], position: '1' })],
    ['has no whole position', JSON.stringify({ ...log[0], position: 1.5 })],
    ['has the position 0', JSON.stringify({ ...log[0], position: 0 })],
    ['has text that is not well-formed', line.replace('"updated"', '"\\ud800"')],
    ['has a number in its changes', JSON.stringify({ ...log[0], changes: { title: { from: null, to: 1 } } })],
    [
      'has a third side in its changes',
      JSON.stringify({ ...log[0], changes: { title: { from: null, to: 'x', by: 'y' } } }),
    ],
    ['has a salt that is no hex', JSON.stringify({ ...log[0], salt: 'zz' })],
    ['has a short hash', JSON.stringify({ ...log[0], changesHash: '00' })],
    ['is pruned and has a short leaf', JSON.stringify({ position: 1, leaf: '00' })],
    ['is pruned and has an action', JSON.stringify({ ...prunedLine(lineAt(1)), action: 'created' })],
  ])('that %s is no entry', async (_, first) => {
    const report = await verifyExport({ lines: [first, ...linesOfLog(log.slice(1))], checkpoints: [whole], keys })
    expect(report.problem).toEqual({
      ...{ code: 'unreadable', from: 1, to: 1, message: 'What should be entry 1 is no entry' },
    })
  })
})

describe('a checkpoint', () => {
  const checkpointProblem = async (checkpoints: string[], given = keys) => {
    const { problem } = await verifyExport({ lines: linesOfLog(log), checkpoints, keys: given })
    expect(problem?.code).toBe('checkpoint')
    return problem?.message
  }

  test('whose text was changed has a wrong signature', async () => {
    expect(await checkpointProblem([whole.replace('\n10\n', '\n11\n')])).toBe('The checkpoint has a wrong signature')
    expect(await checkpointProblem([whole.replace(tenantId, crypto.randomUUID())])).toMatch(/wrong signature$/)
    expect(await checkpointProblem([checkpointOf(log, 5), whole.replace('\n10\n', '\n9\n')])).toBe(
      'Checkpoint 2 has a wrong signature',
    )
  })

  test('of another key proves nothing, until its key is given too', async () => {
    const other = createCheckpointSigner({ key: createSigningKey() })
    expect(await checkpointProblem([whole], [other.verifierKey])).toBe('The checkpoint has no signature of a given key')
    const both = await verifyExport({
      lines: linesOfLog(log),
      checkpoints: [whole],
      keys: [other.verifierKey, ...keys],
    })
    expect(both.problem).toBeUndefined()
  })

  test('of another tenant than the first one is refused', async () => {
    const other = crypto.randomUUID()
    expect(await checkpointProblem([whole, checkpointOf(log, 5, other)])).toBe(
      `Checkpoint 2 is of another tenant than the first one: ${other}`,
    )
  })

  test('of the same size with another root is found: the operator signed two histories', async () => {
    const forged = changed(log, 5, { actor: 'eve' })
    expect(await problemOf(log, [whole, checkpointOf(forged)])).toEqual({
      ...{ code: 'checkpoint', message: 'Two checkpoints of 10 contradict each other: two histories were signed' },
    })
    expect(await problemOf(forged, [whole, checkpointOf(forged)])).toMatchObject({ code: 'root', from: 1, to: 10 })
  })

  test('narrows the range to one entry', async () => {
    const report = await verify(changed(log, 10, { actor: 'eve' }), [checkpointOf(log, 9), whole])
    expect(report.problem?.message).toBe('Entry 10 is not as it was for the checkpoint of 10')
  })

  test('is needed', async () => {
    expect(verifyExport({ lines: [], checkpoints: [], keys })).rejects.toThrow('verifyExport() needs a checkpoint')
  })
})

describe('linesOf()', () => {
  const collect = async (chunks: Uint8Array[]) => {
    const lines: string[] = []
    for await (const line of linesOf(Readable.from(chunks))) lines.push(line)
    return lines
  }

  test('splits at LF alone, wherever a chunk ends', async () => {
    const text = '{"a":"\u2028€"}\n{"b":"😀"}\r\n\nend'
    const bytes = Buffer.from(text)
    for (let size = 1; size <= bytes.length; size += 1) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      )
      expect(await collect(chunks)).toEqual(text.split('\n'))
    }
  })

  test('refuses bytes that are no UTF-8, which would look like other text', async () => {
    expect(collect([Uint8Array.of(0x22, 0xff)])).rejects.toThrow(TypeError)
    expect(collect([Uint8Array.of(0xe2, 0x82)])).rejects.toThrow(TypeError)
  })
})

test('a long export is read line by line', async () => {
  let [read, ahead] = [0, 0]
  const long = createLog(3000)
  async function* lines() {
    for (const line of linesOfLog(long)) {
      read += 1
      yield line
    }
  }
  const report = await verifyExport({ lines: lines(), checkpoints: [checkpointOf(long)], keys })
  expect([report.problem, report.size, read]).toEqual([undefined, 3000, 3000])
  const stopping = changed(long, 7, { changes: {} })
  async function* stopped() {
    try {
      for (const line of linesOfLog(stopping)) {
        ahead += 1
        yield line
      }
    } finally {
      read = 0
    }
  }
  await verifyExport({ lines: stopped(), checkpoints: [checkpointOf(long)], keys })
  expect([ahead, read]).toEqual([7, 0])
})

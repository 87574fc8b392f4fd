import { createHash, randomBytes } from 'node:crypto'
import { createCheckpointSigner, createSigningKey } from '../../src/audit/index.ts'
import { rootByDefinition } from './vectors.ts'

/** A line of an export that is not pruned, as a test may change it. */
export interface Line {
  id: string
  at: string
  position: number
  action: string
  resource: string | null
  targetId: string | null
  actor: string | null
  requestId: string | null
  source: string | null
  reason: string | null
  changes: Record<string, { from: string | null; to: string | null }> | null
  salt: string | null
  changesHash: string | null
}

export const tenantId = '550e8400-e29b-41d4-a716-446655440000'
export const signer = createCheckpointSigner({ key: createSigningKey() })
export const keys = [signer.verifierKey]

const sha256 = (...parts: (string | Uint8Array)[]): Buffer =>
  createHash('sha256')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest()

/** An entry. Its leaf and the hash of its changes are made here a second time, apart from the code under test. */
export function lineAt(position: number): Line {
  const salt = randomBytes(16)
  const to = `title ${position}`
  return {
    id: crypto.randomUUID(),
    at: `2026-11-28T19:04:${String(position % 60).padStart(2, '0')}.000Z`,
    ...{ position, action: 'updated', resource: 'tasks', targetId: crypto.randomUUID(), actor: 'ada@ä.example' },
    ...{ requestId: `request-${position}`, source: 'request', reason: null },
    changes: { title: { from: null, to } },
    salt: salt.toString('hex'),
    changesHash: sha256(salt, `{"title": {"to": "${to}", "from": null}}`).toString('hex'),
  }
}

export function leafAt(line: Line, tenant = tenantId): Uint8Array {
  const { position, id, at, action, resource, targetId, actor, requestId, source, reason, changesHash } = line
  const fields = [
    tenant,
    `${position}`,
    id,
    at,
    action,
    resource,
    targetId,
    actor,
    requestId,
    source,
    reason,
    changesHash,
  ]
  const encoded = fields.map((field) => (field === null ? '-,' : `${Buffer.byteLength(field)}:${field},`))
  return sha256('\0', encoded.join(''))
}

/** Entries 1 to `count`. */
export const createLog = (count: number): Line[] => Array.from({ length: count }, (_, at) => lineAt(at + 1))

/** The checkpoint of the first entries of a log. */
export const checkpointOf = (log: readonly Line[], size = log.length, tenant = tenantId): string =>
  signer.sign({
    tenantId: tenant,
    size,
    root: rootByDefinition(log.slice(0, size).map((line) => leafAt(line, tenant))),
  })

/** A copy in which one entry differs. */
export const changed = (log: readonly Line[], position: number, change: Partial<Line>): Line[] =>
  log.map((line) => (line.position === position ? { ...line, ...change } : line))

/** An entry as it is after its changes were erased. */
export const erased = { changes: null, salt: null }

/** What is left of an entry after its month was pruned. */
export const prunedLine = (line: Line) => ({ position: line.position, leaf: Buffer.from(leafAt(line)).toString('hex') })

export const linesOfLog = (log: readonly unknown[]): string[] => log.map((line) => JSON.stringify(line))

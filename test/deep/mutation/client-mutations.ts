import type { CodeMutation } from './mutation.ts'

const replay = 'test/idempotency/replay.test.ts'

/** Faults of what clients rely on: keys of repeated requests, tags and cursors. */
export const clientMutations: CodeMutation[] = [
  {
    fault: 'key that is not claimed before the work',
    guarantee: 37,
    file: 'src/idempotency/records.ts',
    lines: [["'select tenancy.claim_idempotency_key($1, $2, $3)'", "'select $1::text, $2::text, $3::bytea'"]],
    test: { file: replay, title: 'is done once and answered alike' },
  },
  {
    fault: 'answer that is stored behind COMMIT',
    guarantee: 37,
    file: 'src/idempotency/once.ts',
    lines: [
      [
        'return endingWith(mapped(storeAnswer(tx, request, toJson(given)), () => given))',
        'tx.afterCommit(() => toJson(given)); return given',
      ],
    ],
    test: { file: replay, title: 'is done once and answered alike' },
  },
  {
    fault: 'key of every method and path',
    guarantee: 37,
    file: 'src/idempotency/once.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a line of the code under test
    lines: [['`${c.req.method} ${c.req.path}`', "'any'"]],
    test: { file: replay, title: 'two paths' },
  },
  {
    fault: 'answer for another body under the key',
    guarantee: 37,
    file: 'src/idempotency/fingerprint.ts',
    lines: [['canonical(await c.req.text())', "''"]],
    test: { file: replay, title: 'another value' },
  },
  {
    fault: 'cookie in the stored answer',
    guarantee: 37,
    file: 'src/idempotency/once.ts',
    lines: [["name.toLowerCase() !== 'set-cookie'", "name !== ''"]],
    test: { file: 'test/idempotency/kit-route.test.ts', title: 'has the headers of the answer, but no cookie' },
  },
  {
    fault: 'COMMIT in a message of its own behind the stored answer',
    guarantee: 37,
    file: 'src/database/transaction-handle.ts',
    lines: [['(await this.sendLast(result.queries)) as T', '(await resultOf(result.queries)) as T']],
    test: {
      file: 'test/database/round-trips.test.ts',
      title: 'two: the claim goes with the work, and the answer with COMMIT',
    },
  },
  {
    fault: 'ETag without the tenant',
    guarantee: 25,
    file: 'src/conditions/etag.ts',
    lines: [['return tenantId === undefined ?', 'return tenantId !== 0 ?']],
    test: {
      file: 'test/service/http/etags.test.ts',
      title: 'a row with the id and the times of another tenant has a tag of its own',
    },
  },
  {
    fault: 'ETag of a failure',
    guarantee: 25,
    file: 'src/errors/handlers.ts',
    lines: [["c.header('ETag', undefined)", '']],
    test: { file: 'test/conditions/responses.test.ts', title: 'a failure has no tag' },
  },
  {
    fault: 'weak tag that matches If-Match',
    guarantee: 25,
    file: 'src/conditions/row-version.ts',
    lines: [['match.filter(({ isWeak }) => !isWeak)', 'match']],
    test: { file: 'test/service/http/conditions.test.ts', title: 'is not written for a weak tag' },
  },
  {
    fault: 'foreign row that is told apart by If-Match',
    guarantee: 25,
    file: 'src/conditions/written-row.ts',
    lines: [['throw isPresent ?', 'throw isPresent !== undefined ?']],
    test: {
      file: 'test/service/http/conditions.test.ts',
      title: 'of another tenant is answered as one that does not exist',
    },
  },
  {
    fault: 'cursor that is valid for every tenant',
    guarantee: 6,
    file: 'src/lists/cursor-reader.ts',
    lines: [['JSON.stringify([tenantId, c.req.path', "JSON.stringify(['', c.req.path"]],
    test: {
      file: 'test/lists/cases/isolation.test.ts',
      title: 'a cursor of another tenant is answered as one that nobody got',
    },
  },
  {
    fault: 'cursor that is valid for other filters',
    guarantee: 6,
    file: 'src/lists/cursor-reader.ts',
    lines: [['order.sort, filters, types]', 'order.sort, types]']],
    test: { file: 'test/lists/cases/tokens.test.ts', title: 'of another value of a filter' },
  },
  {
    fault: 'text that decodes to the bytes of a cursor',
    guarantee: 6,
    file: 'src/text/encryption.ts',
    lines: [["if (bytes.toString('base64url') !== token) return undefined", '']],
    test: { file: 'test/lists/cases/tokens.test.ts', title: 'with a character inside that decoders skip' },
  },
  {
    fault: 'failed batch of the worker that is committed',
    guarantee: 38,
    file: 'src/database/plain-transaction.ts',
    lines: [["command('rollback')", "command('commit')"]],
    test: { file: 'test/worker/worker.test.ts', title: 'rolls a batch back that fails, and keeps those before it' },
  },
  {
    fault: 'prepared update without the condition of the request',
    guarantee: 25,
    file: 'src/conditions/prepared-writes.ts',
    lines: [['{ ...parts, condition }', '{ ...parts, condition: undefined }']],
    test: { file: 'test/service/http/conditions.test.ts', title: 'changes when If-Match has its version' },
  },
]

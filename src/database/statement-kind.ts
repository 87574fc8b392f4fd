import { TransactionMisuse } from './transaction-misuse.ts'

const kinds = [
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
  'WITH',
  'VALUES',
  'TABLE',
  'EXPLAIN',
  'TRUNCATE',
  'LOCK',
  'SET LOCAL',
  'SET CONSTRAINTS',
] as const

/** The statements that a transaction may contain. Each of them can leave nothing behind on its connection but by a function. */
export type StatementKind = (typeof kinds)[number]

const allowed: ReadonlySet<string> = new Set(kinds)

const ends = 'db.read and db.write begin and end transactions'
const keeps = 'it would stay on the connection, for the next tenant'
const migrates = 'objects are changed by migrations'

/** Why a statement is refused, and what to do instead. */
const refusals: Readonly<Record<string, string>> = {
  ...all('ABORT BEGIN COMMIT END RELEASE ROLLBACK SAVEPOINT START', ends),
  'SET TRANSACTION': ends,
  ...all('RESET SET', `${keeps}. Use SET LOCAL`),
  ...all('DEALLOCATE EXECUTE PREPARE', `${keeps}. Use prepared()`),
  ...all('CLOSE DECLARE FETCH MOVE', `${keeps}. Select the rows`),
  ...all('DISCARD LISTEN LOAD UNLISTEN', keeps),
  COPY: 'its rows are not part of a result. Insert the rows, or select them',
  ...all('CALL DO', 'a procedure or a block can end the transaction. Select from a function'),
  NOTIFY: 'use SELECT pg_notify(…)',
  ...all('ALTER COMMENT CREATE DROP GRANT REASSIGN REVOKE SECURITY', migrates),
}

function all(words: string, reason: string): Record<string, string> {
  return Object.fromEntries(words.split(' ').map((word) => [word, reason]))
}

/**
 * The kind of a statement, from its first keyword: blanks, comments and opening parentheses before it are skipped, as
 * PostgreSQL skips them (chapter 4.1 "Lexical Structure"). A semicolon before it is not: behind it PostgreSQL would run any
 * statement. A text of several statements passes and PostgreSQL refuses it, because the extended protocol carries one.
 *
 * @throws TransactionMisuse for every other statement: it could end the transaction, or leave state behind on the connection
 * @example
 * kindOf('/* a comment *\/ (select 1)') // 'SELECT'
 */
export function kindOf(text: string): StatementKind {
  const first = wordAfter(text, 0, openings)
  const second = first.word === 'SET' ? wordAfter(text, first.end, blanks) : undefined
  const isLocal = second?.word === 'LOCAL'
  // SET LOCAL TRANSACTION is SET TRANSACTION.
  const mode = isLocal ? wordAfter(text, second.end, blanks).word : second?.word
  const found =
    mode === 'TRANSACTION' ? 'SET TRANSACTION' : second ? `SET ${isLocal ? 'LOCAL' : second.word}` : first.word
  if (allowed.has(found)) return found as StatementKind // the set holds nothing else
  const command = refusals[found] === undefined ? first.word : found
  const reason = refusals[command]
  throw new TransactionMisuse(
    reason === undefined
      ? `A statement in a transaction begins with one of these words: ${kinds.join(', ')}. Nothing was sent`
      : `Do not send ${command} in a transaction: ${reason}. Nothing was sent`,
  )
}

const blanks = /[ \t\n\r\f\v]*/y
const openings = /[ \t\n\r\f\v(]*/y
const word = /[a-z_\u0080-\uffff][\w$\u0080-\uffff]*/iy
const lineComment = /--[^\n\r]*/y
const commentMark = /\/\*|\*\//g

/** The next word of a text, in capitals, after what `skipped` matches and after comments; '' for anything else. */
function wordAfter(text: string, start: number, skipped: RegExp): { word: string; end: number } {
  let at = start
  for (let before = -1; before !== at; ) {
    before = at
    at = endOfComment(text, endOf(skipped, text, at))
  }
  const end = endOf(word, text, at)
  return { word: text.slice(at, end).replace(/[a-z]+/g, (letters) => letters.toUpperCase()), end } // as PostgreSQL: ASCII only
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** Where the comment that begins here ends; `at` when none does. A comment in block form can contain others. */
function endOfComment(text: string, at: number): number {
  if (!text.startsWith('/*', at)) return endOf(lineComment, text, at)
  let depth = 0
  commentMark.lastIndex = at
  for (let mark = commentMark.exec(text); mark; mark = commentMark.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return commentMark.lastIndex
  }
  return text.length // PostgreSQL refuses a comment without an end
}

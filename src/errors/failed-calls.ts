import { causesOf } from './causes-of.ts'

const queries = new WeakMap<Error, string>()
const callers = new WeakMap<Error, string>()

/** Notes the text of the query that failed with an error, for {@link failedQuery}. */
export const noteQuery = (error: Error, text: string): void => void queries.set(error, text)

/**
 * Notes who called what failed with an error: PostgreSQL's errors arrive from the socket, and their own stack does not name the
 * caller. Call it in an async function that the caller awaits, so that the stack here names the functions that wait.
 */
export function noteCaller(error: unknown): void {
  if (error instanceof Error && !callers.has(error)) callers.set(error, String(new Error('the call').stack))
}

const queryMax = 2000
// Texts of the code, as PostgreSQL reads them (chapter 4.1.2): 'it''s', E'it\'s', $$it's$$.
const literals = /\be'(?:[^'\\]|\\.|'')*'?|'(?:[^']|'')*'?|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)/gi

/**
 * The text of the query that failed: of a transaction here, or of Drizzle's own. It has `$1`, `$2` … instead of values, and `'…'`
 * instead of texts that the code put into it.
 */
export function failedQuery(error: unknown): string | undefined {
  for (const cause of causesOf(error)) {
    const text = queries.get(cause) ?? textOfDrizzle(cause)
    if (text !== undefined) return shortened(text.replaceAll(literals, "'…'"))
  }
  return undefined
}

const shortened = (text: string): string => (text.length > queryMax ? `${text.slice(0, queryMax)}…` : text)

/** The text in Drizzle's DrizzleQueryError, whose class may be that of another copy of Drizzle. */
function textOfDrizzle(error: Error): string | undefined {
  const isOne = 'query' in error && 'params' in error && typeof error.query === 'string'
  return isOne ? String(error.query) : undefined
}

const causesMax = 4
const framesMax = 6
const database = new URL('../database/', import.meta.url)

/** The places in the code that led to an error and its causes, without messages, which can hold values. */
export function placesOf(error: unknown): string[] {
  return causesOf(error)
    .slice(0, causesMax)
    .flatMap((cause) => {
      const own = framesOf(String(cause.stack ?? '').replace(cause.message, '')) // libraries put other values there
      const called = own.some(isOfCaller) ? [] : framesOf(callers.get(cause) ?? '').filter(isOfCaller)
      return [cause.name, ...(called.length > 0 ? called : own).slice(0, framesMax)]
    })
}

const framesOf = (stack: string): string[] =>
  stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())

/** Whether a frame is in a file of the application: not in a library, the runtime, or the tenant database. */
const isOfCaller = (frame: string): boolean =>
  /(?: |\()(?:file:\/\/)?(?:\/|[A-Z]:[\\/])/.test(frame) &&
  !/[\\/]node_modules[\\/]/.test(frame) &&
  !frame.includes(database.href) &&
  !frame.includes(database.pathname)

import type { Context, MiddlewareHandler } from 'hono'
import { ConfigError } from '../errors/index.ts'
import { type ChangeTokens, createChangeTokens } from './change-token.ts'
import { type CursorSecrets, type CursorTokens, createCursorTokens } from './cursor-token.ts'

// Not in the variables of the context: other middleware may have a variable of the same name.
const tokensOf = new WeakMap<Context, { cursors: CursorTokens; changes: ChangeTokens }>()

/**
 * Lets the lists of an app have pages by cursor. Mount it in front of the routes.
 *
 * @param secrets `secret`, the same in every process, and while it is being replaced the one before as `previous`
 * @throws TypeError for a secret of fewer than 32 characters
 * @example
 * app.use(cursors({ secret: config.secret }))
 */
export function cursors(secrets: CursorSecrets): MiddlewareHandler {
  const tokens = { cursors: createCursorTokens(secrets), changes: createChangeTokens(secrets) }
  return async function cursors(c, next) {
    tokensOf.set(c, tokens)
    await next()
  }
}

/** @throws ConfigError without the middleware */
export const cursorTokensOf = (c: Context): CursorTokens => secretsOf(c).cursors

/** @throws ConfigError without the middleware */
export const changeTokensOf = (c: Context): ChangeTokens => secretsOf(c).changes

function secretsOf(c: Context) {
  const tokens = tokensOf.get(c)
  if (tokens) return tokens
  throw new ConfigError(
    'A page by cursor needs a secret: mount app.use(cursors({ secret })) of rowhouse/lists in front of this route',
  )
}

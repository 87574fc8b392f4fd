import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Handler } from 'hono'
import { accepts } from 'hono/accepts'
import { getRuntimeKey } from 'hono/adapter'
import type { Accept } from 'hono/utils/accept'

export interface StaticFile {
  /** The value of Content-Type. */
  type: string
  /**
   * The value of Cache-Control.
   * @default 'no-cache': a browser keeps the file, and asks before each use whether it has changed
   */
  cacheControl?: string
  /** Loads the content at the first request. A failed load is tried again. */
  load: () => Promise<string | Uint8Array>
}

/**
 * Creates the handler of a file that is the same for every client. It keeps one copy of the file, and one in each encoding that
 * a client has asked for. All responses share them, so that a slow reader takes no memory of its own. On Cloudflare Workers the
 * platform compresses the responses.
 *
 * Each encoding has its own strong ETag (RFC 9110, section 8.8.3): a request with it in `If-None-Match` is answered with 304.
 *
 * @throws the errors of `load`
 * @example
 * app.get('/openapi.json', staticFile({ type: 'application/json', load: async () => createDocument(app, options) }))
 */
export function staticFile({ type, cacheControl = 'no-cache', load }: StaticFile): Handler {
  const variants = new Map<string, Promise<Variant>>()
  const variant = (encoding: string): Promise<Variant> => {
    const known = variants.get(encoding)
    if (known) return known
    const created = encoding === 'identity' ? read(load) : variant('identity').then((file) => compress(file, encoding))
    variants.set(encoding, created)
    created.catch(() => variants.delete(encoding))
    return created
  }
  return async function staticFile(c) {
    const encoding = accepts(c, { header: 'Accept-Encoding', supports, default: 'identity', match: preferred })
    const { body, length, etag } = await variant(encoding)
    const cached = { 'Cache-Control': cacheControl, ETag: etag, Vary: 'Accept-Encoding' }
    if (lists(c.req.header('If-None-Match'), etag)) return c.body(null, 304, cached)
    const headers = {
      ...cached,
      'Content-Type': type,
      'Content-Length': String(length),
      ...(encoding === 'identity' ? {} : { 'Content-Encoding': encoding }),
    }
    return c.req.method === 'HEAD' ? c.body(null, 200, headers) : c.body(body, 200, headers)
  }
}

/** A file in one encoding. */
interface Variant {
  body: Uint8Array<ArrayBuffer>
  length: number
  etag: string
}

async function read(load: StaticFile['load']): Promise<Variant> {
  const content = await load()
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content)
  const hash = await crypto.subtle.digest('SHA-256', bytes)
  return toVariant(bytes, Buffer.from(hash).toString('base64url'))
}

const supports = getRuntimeKey() === 'workerd' ? ['identity'] : ['br', 'gzip', 'identity']

// Both work outside of the event loop. Brotli's default quality, 11, takes 20 times as long and saves a twelfth.
const toBrotli = promisify(brotliCompress)
const toGzip = promisify(gzip)
const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }

async function compress({ body, etag }: Variant, encoding: string): Promise<Variant> {
  const bytes = await new Response(body).arrayBuffer()
  const compressed = await (encoding === 'br' ? toBrotli(bytes, brotliOptions) : toGzip(bytes))
  return toVariant(compressed, `${etag.slice(1, -1)}-${encoding}`)
}

function toVariant(bytes: Uint8Array<ArrayBuffer>, tag: string): Variant {
  // Bun copies the bytes of each response and shares a Blob. Node reads a Blob in pieces and shares bytes.
  const body = getRuntimeKey() === 'bun' ? (new Blob([bytes]) as unknown as typeof bytes) : bytes // Hono's type omits Blob
  return { body, length: bytes.length, etag: `"${tag}"` }
}

/** The encoding with the highest weight, the first of equals; without compression when the client names none of ours. */
function preferred(accepted: Accept[], config: { supports: string[]; default: string }): string {
  const weightOf = (encoding: string): number => {
    const one =
      accepted.find(({ type }) => type.toLowerCase() === encoding) ?? accepted.find(({ type }) => type === '*')
    return one?.q ?? 0
  }
  const [best = config.default] = config.supports.toSorted((a, b) => weightOf(b) - weightOf(a))
  return weightOf(best) > 0 ? best : config.default
}

/** Whether an `If-None-Match` names the tag: in a list, marked as weak, or as `*` (RFC 9110, section 13.1.2). */
const lists = (condition = '', etag: string): boolean =>
  condition.split(',').some((one) => [etag, `W/${etag}`, '*'].includes(one.trim()))

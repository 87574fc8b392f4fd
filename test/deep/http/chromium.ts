import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { z } from 'zod'

/** The program, undefined where it is not installed. */
export const chromium = Bun.which('chromium') ?? Bun.which('chromium-browser') ?? undefined

const Message = z.looseObject({
  id: z.number().optional(),
  method: z.string().optional(),
  sessionId: z.string().optional(),
  result: z.unknown().optional(),
  error: z.looseObject({ message: z.string() }).optional(),
})
type Message = z.infer<typeof Message>
const Evaluated = z.object({
  result: z.looseObject({ value: z.unknown().optional() }),
  exceptionDetails: z.looseObject({ exception: z.looseObject({ description: z.string().optional() }) }).optional(),
})

/** A page in the browser. */
export interface Page {
  /** Runs an expression in the page and returns its value, of a promise too. Throws what it throws. */
  evaluate(expression: string): Promise<unknown>
}

/** Starts Chromium without a window, over the DevTools protocol (https://chromedevtools.github.io/devtools-protocol). */
export async function startChromium() {
  const folder = await mkdtemp(join(tmpdir(), 'rowhouse-chromium-'))
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--remote-debugging-pipe']
  const child = spawn(chromium ?? 'chromium', [...flags, `--user-data-dir=${folder}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  })
  const [, , , input, output] = child.stdio
  if (!(input instanceof Writable && output instanceof Readable)) throw new Error('Chromium has no pipes')
  const write = (text: string) => input.write(text)
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const loading = new Map<string, () => void>()
  const waiting = new Map<number, (message: Message) => void>()
  receive(output, ({ id, method, sessionId = '', ...message }) => {
    if (id !== undefined) waiting.get(id)?.(message)
    if (method === 'Page.loadEventFired') loading.get(sessionId)?.()
  })

  let last = 0
  async function call(method: string, params: object, sessionId?: string): Promise<unknown> {
    last += 1
    const id = last
    const answer = new Promise<Message>((resolve) => waiting.set(id, resolve))
    write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    const { result, error } = await answer
    if (error) throw new Error(`${method}: ${error.message}`)
    return result
  }

  return {
    /** Opens a page and waits until it has loaded. */
    async open(url: string): Promise<Page> {
      const created = await call('Target.createTarget', { url: 'about:blank' })
      const { targetId } = z.object({ targetId: z.string() }).parse(created)
      const attached = await call('Target.attachToTarget', { targetId, flatten: true })
      const { sessionId } = z.object({ sessionId: z.string() }).parse(attached)
      await call('Page.enable', {}, sessionId)
      const loaded = new Promise<void>((resolve) => loading.set(sessionId, resolve))
      await call('Page.navigate', { url }, sessionId)
      await loaded
      return {
        async evaluate(expression) {
          const params = { expression, awaitPromise: true, returnByValue: true }
          const { result, exceptionDetails } = Evaluated.parse(await call('Runtime.evaluate', params, sessionId))
          if (exceptionDetails) throw new Error(exceptionDetails.exception.description)
          return result.value
        },
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill()
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Calls a listener with each message. A zero byte ends a message. */
function receive(output: Readable, listener: (message: Message) => void): void {
  const decoder = new TextDecoder()
  let rest = ''
  output.on('data', (chunk: Buffer) => {
    const texts = (rest + decoder.decode(chunk, { stream: true })).split('\0')
    rest = texts.pop() ?? ''
    for (const text of texts) listener(Message.parse(JSON.parse(text)))
  })
}

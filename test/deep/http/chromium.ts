import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { start, until } from '../../runtime/child.ts'

/** The program, undefined where it is not installed. */
export const chromium = Bun.which('chromium') ?? Bun.which('chromium-browser') ?? undefined

const Message = z.looseObject({
  method: z.string().optional(),
  sessionId: z.string().optional(),
  id: z.number().optional(),
  result: z.unknown().optional(),
  error: z.looseObject({ message: z.string() }).optional(),
})
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
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--remote-debugging-port=0']
  const child = start([chromium ?? 'chromium', ...flags, `--user-data-dir=${folder}`, 'about:blank'])
  const address = await until(() => /DevTools listening on (ws:\S+)/.exec(child.stderr)?.[1])
  const socket = new WebSocket(address)
  const loading = new Map<string, () => void>()
  const waiting = new Map<number, (message: z.infer<typeof Message>) => void>()
  socket.onmessage = ({ data }) => {
    const message = Message.parse(JSON.parse(String(data)))
    if (message.id !== undefined) waiting.get(message.id)?.(message)
    if (message.method === 'Page.loadEventFired') loading.get(message.sessionId ?? '')?.()
  }
  await new Promise((opened) => {
    socket.onopen = opened
  })

  let last = 0
  async function call(method: string, params: object, sessionId?: string): Promise<unknown> {
    last += 1
    const id = last
    const answer = new Promise<z.infer<typeof Message>>((resolve) => waiting.set(id, resolve))
    socket.send(JSON.stringify({ id, method, params, sessionId }))
    const { result, error } = await answer
    if (error) throw new Error(`${method}: ${error.message}`)
    return result
  }

  /** Opens a page and waits until it has loaded. */
  async function open(url: string): Promise<Page> {
    const { targetId } = z
      .object({ targetId: z.string() })
      .parse(await call('Target.createTarget', { url: 'about:blank' }))
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
  }

  return {
    open,
    async [Symbol.asyncDispose]() {
      await call('Browser.close', {})
      socket.close()
      await child.exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

import { type Comparison, compare, type Subject } from '../compare.ts'
import type { Scenario } from '../scenario.ts'
import { startRowhouse } from '../server.ts'
import { median } from '../statistics.ts'
import { signTokens } from '../tokens.ts'
import { figure, underLoad } from '../under-load.ts'
import type { Load } from '../wrk.ts'

const amount = { tenants: 100, tasks: 1000 }
const load: Load = { kind: 'get', first: 1, last: amount.tenants, tasks: amount.tasks, stride: 0 }
const unverified = { ALLOW_UNVERIFIED: 'true', TENANT_CONCURRENCY: '0' }
const signingSecret = 'a-secret-of-the-bench-with-32-characters'

export const safety: Scenario = {
  name: 'safety',
  title: 'GET /tasks/{id} with limits, with signed tenants and with verified tokens, one at a time',
  async run(stand) {
    const { databases, programs } = stand
    const database = await databases.rowhouse(amount)
    const signed = await databases.signed(amount, signingSecret)
    await using closing = new AsyncDisposableStack()
    const start = async (settings: Record<string, string>, filled = database) =>
      closing.use(await startRowhouse(programs, filled, { settings }))
    const verifying = async (algorithm: string): Promise<Subject> => {
      const { path, settings } = closing.use(await signTokens(algorithm, amount.tenants))
      const server = await start({ ...settings, TENANT_CONCURRENCY: '0' })
      return underLoad(stand, `${algorithm} token`, server, { ...load, tokens: path })
    }
    const limits = { ...unverified, TENANT_CONCURRENCY: 'auto', RATE_LIMIT: '1000000' }
    const measured = await compare(stand, [
      underLoad(stand, 'baseline', await start(unverified), load),
      underLoad(stand, 'concurrency and rate', await start(limits), load),
      underLoad(
        stand,
        'signed tenant',
        await start({ ...unverified, TENANT_SIGNING_KEY: signingSecret }, signed),
        load,
      ),
      await verifying('HS256'),
      await verifying('EdDSA'),
      await verifying('ES256'),
      await verifying('RS256'),
    ])
    return {
      lines: measured.lines,
      verdicts: [],
      notes: [
        `What each adds to the CPU time of the service, in µs a request: ${prices(measured)}. PostgreSQL verifies a signed ` +
          'tenant, and its time shows in the requests a second. A token is verified once a minute and remembered: with a ' +
          'hundred tokens in use, hardly any of these requests pays for a signature.',
        `Requests a second, as a share of the baseline: ${shares(measured)}.`,
      ],
    }
  },
}

const ofEach = ({ lines, of }: Comparison, name: string, print: (value: number, base: number) => string): string =>
  lines
    .slice(1)
    .map(({ subject }) => `${subject} ${print(median(of(subject, name)), median(of('baseline', name)))}`)
    .join(', ')
const prices = (measured: Comparison) => ofEach(measured, figure.cpu, (value, base) => (value - base).toFixed(0))
const shares = (measured: Comparison) =>
  ofEach(measured, figure.rate, (value, base) => `${((100 * value) / base).toFixed(0)} %`)

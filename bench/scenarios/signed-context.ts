import { createHash, createHmac, hkdfSync, randomUUID } from 'node:crypto'
import postgres from 'postgres'
import type { TenantId } from '../../src/context/index.ts'
import { createTenantSigner } from '../../src/database/index.ts'
import { compare, type Subject } from '../compare.ts'
import type { Scenario } from '../scenario.ts'
import { median } from '../statistics.ts'

const secret = 'a-secret-of-the-bench-with-32-characters'
const tenantId = randomUUID() as TenantId // a canonical uuid
const caller = { actor: 'auth0|5f7c8ec7c33c6c004bbafe82', requestId: randomUUID() }
const figures = { sign: 'µs to sign', read: 'µs to read' }
const calls = 20_000

/** The form before the second one: `tenant.expiry.key.mac`. */
function createFirstSigner(): () => string {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'rowhouse tenant context', 32))
  const id = createHash('sha256').update(key).digest('hex').slice(0, 8)
  return () => {
    const signed = `${tenantId}.${Math.floor(Date.now() / 1000) + 60}.${id}`
    return `${signed}.${createHmac('sha256', key).update(signed).digest('hex')}`
  }
}

function subject(name: string, url: string, sign: () => string): Subject & AsyncDisposable {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  return {
    name,
    async measure(seconds) {
      const signing = performance.now()
      for (let call = 0; call < calls; call += 1) sign()
      const signed = performance.now() - signing
      await sql`select set_config('app.current_tenant', ${sign()}, false), set_config('app.actor', ${caller.actor}, false),
        set_config('app.request_id', ${caller.requestId}, false)`
      const end = performance.now() + 1000 * seconds
      let milliseconds = 0
      let rows = 0
      while (performance.now() < end) {
        const before = performance.now()
        const [row] =
          await sql`select count(tenancy.current_tenant_id())::integer as calls from generate_series(1, ${calls})`
        milliseconds += performance.now() - before
        rows += Number(row?.calls)
      }
      return { [figures.sign]: (1000 * signed) / calls, [figures.read]: (1000 * milliseconds) / rows }
    },
    [Symbol.asyncDispose]: () => sql.end(),
  }
}

export const signedContext: Scenario = {
  name: 'signed-context',
  title: 'The tenant of a statement: signed with its actor and request id, signed alone as before, and unsigned',
  async run(stand) {
    const { databases } = stand
    const amount = { tenants: 100, tasks: 1000 }
    const signer = createTenantSigner(secret)
    await using unsigned = subject('unsigned', (await databases.rowhouse(amount)).url, () => tenantId)
    await using first = subject('first form', await databases.firstForm(secret), createFirstSigner())
    await using second = subject('second form', (await databases.signed(amount, secret)).url, () =>
      signer(tenantId, caller),
    )
    const measured = await compare(stand, [unsigned, first, second])
    const [less = [], more = []] = ['first form', 'second form'].map((name) => measured.of(name, figures.read))
    const ratio = median(more) / median(less)
    return {
      lines: measured.lines,
      verdicts: [],
      notes: [
        `PostgreSQL reads the tenant in ${ratio.toFixed(2)} × the time of the first form. Each figure of reading is that of a call in one ` +
          `SELECT of ${calls.toLocaleString('en')} calls.`,
      ],
    }
  },
}

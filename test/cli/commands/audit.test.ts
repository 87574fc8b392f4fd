import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCheckpointSigner, createSigningKey } from '../../../src/audit/index.ts'
import { changed, checkpointOf, createLog, keys, linesOfLog, tenantId } from '../../audit/log.ts'
import { addUsers, asAttacker, openAudited } from '../../audit/stored-logs.ts'
import { createBareDatabase, createDatabase } from '../../database.ts'
import { newTenant } from '../../tenants.ts'
import { rowhouse } from '../run.ts'

const cwd = mkdtempSync(join(tmpdir(), 'rowhouse-audit-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

/** Writes a file, and returns its name. */
function file(text: string | Uint8Array): string {
  const name = `${crypto.randomUUID()}.txt`
  writeFileSync(join(cwd, name), text)
  return name
}

const vkey = String(keys[0])
const log = createLog(10)
const exported = file(`${linesOfLog(log).join('\n')}\n`)
const saved = file(checkpointOf(log))
const verify = (parameters: string[], env: Record<string, string> = {}) =>
  rowhouse(['audit', 'verify', ...parameters], { cwd, env })

describe('rowhouse audit verify --export', () => {
  const offline = (path: string, ...more: string[]) =>
    verify(['--export', path, '--checkpoint', saved, '--key', vkey, ...more])

  test('verifies a file without a database', async () => {
    expect(await offline(exported)).toEqual({
      ...{ code: 0, stderr: '', stdout: `ok        ${tenantId}  10 entries are as signed\n` },
    })
    const { code, stdout } = await offline(exported, '--json')
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      {
        logs: [
          {
            tenantId,
            size: 10,
            root: expect.stringMatching(/^[0-9a-f]{64}$/),
            erased: 0,
            pruned: 0,
            uncovered: 0,
            problem: null,
          },
        ],
      },
    ])
  })

  test('exits with 1 and names the tenant and the positions when something was changed', async () => {
    const other = file(linesOfLog(changed(log, 5, { actor: 'eve' })).join('\n'))
    expect(await offline(other)).toEqual({
      ...{ code: 1, stderr: '' },
      stdout: `tampered  ${tenantId}  At least one of the entries 1 to 10 is not as it was for the checkpoint of 10\n`,
    })
    const older = file(checkpointOf(log, 4))
    const { code, stdout } = await offline(other, '--json', '--checkpoint', older, saved)
    expect([code, JSON.parse(stdout).logs[0]]).toMatchObject([
      1,
      { size: 4, problem: { code: 'root', from: 5, to: 10 } },
    ])
  })

  test('exits with 1 for a checkpoint of another key', async () => {
    const other = createCheckpointSigner({ key: createSigningKey() }).verifierKey
    const outcome = await verify(['--export', exported, '--checkpoint', saved, '--key', other])
    expect(outcome).toEqual({
      code: 1,
      stderr: '',
      stdout: 'tampered  The checkpoint has no signature of a given key\n',
    })
    expect((await verify(['--export', exported, '--checkpoint', saved, '--key', other, vkey])).code).toBe(0)
  })

  test('reads the keys from AUDIT_VERIFY_KEY, else from AUDIT_SIGNING_KEY', async () => {
    const key = createSigningKey()
    const signer = createCheckpointSigner({ key })
    const note = file(signer.sign({ tenantId, size: 0, root: Buffer.from(emptyRoot, 'hex') }))
    const run = (env: Record<string, string>) => verify(['--export', file(''), '--checkpoint', note], env)
    for (const env of [
      { AUDIT_SIGNING_KEY: key },
      { AUDIT_SIGNING_KEY_FILE: join(cwd, file(`${key}\n`)) },
      { AUDIT_VERIFY_KEY: signer.verifierKey },
      { AUDIT_VERIFY_KEY: `${vkey}, ${signer.verifierKey}`, AUDIT_SIGNING_KEY: createSigningKey() },
    ])
      expect((await run(env)).code).toBe(0)
    expect((await run({ AUDIT_VERIFY_KEY: vkey, AUDIT_SIGNING_KEY: key })).code).toBe(1)
  })

  test('exits with 2 and what to do when it cannot run', async () => {
    const failure = async (parameters: string[], env: Record<string, string> = {}) => {
      const { code, stdout, stderr } = await verify(parameters, env)
      expect([code, stdout]).toEqual([2, ''])
      return stderr
    }
    const key = ['--key', vkey]
    expect(await failure(['--export', exported, '--checkpoint', saved])).toMatch(
      /^No key verifies the checkpoints: give --key, /,
    )
    expect(await failure(['--export', exported, ...key])).toMatch(/^An export is verified against a checkpoint: /)
    expect(await failure(['--export', 'none.ndjson', '--checkpoint', saved, ...key])).toBe(
      'none.ndjson does not exist\n',
    )
    expect(await failure(['--export', exported, '--checkpoint', 'none.txt', ...key])).toBe('none.txt does not exist\n')
    expect(await failure(['--export', exported, '--checkpoint', exported, ...key])).toMatch(/is no checkpoint: /)
    expect(await failure(['--export', file(Uint8Array.of(0xff)), '--checkpoint', saved, ...key])).toMatch(
      /is no text in UTF-8\n$/,
    )
    expect(await failure(['--export', exported, '--tenant', tenantId, ...key])).toMatch(/^--tenant is for a database/)
    expect(await failure(['--export', exported, '--key', 's3cret'])).toMatch(/^--key must be a verifier key such as /)
    expect(await failure(['--export', exported], { AUDIT_VERIFY_KEY: 'x' })).toMatch(
      /^AUDIT_VERIFY_KEY must be a verifier key/,
    )
    const secret = await failure(['--export', exported], { AUDIT_SIGNING_KEY: 's3cret' })
    expect(secret).toBe('AUDIT_SIGNING_KEY must be 32 random bytes in base64: openssl rand -base64 32\n')
  })
})

const emptyRoot = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

describe('rowhouse audit verify', () => {
  let audited: Awaited<ReturnType<typeof openAudited>>
  let tenants: string[]
  beforeAll(async () => {
    audited = await openAudited()
    tenants = [await addUsers(audited.owner, 3), await addUsers(audited.owner, 1)].toSorted()
    await audited.work()
  })
  const env = () => ({ DATABASE_OWNER_URL: audited.database.ownerUrl, AUDIT_SIGNING_KEY: audited.key })

  test('prints a line for each tenant of the database', async () => {
    const { code, stdout, stderr } = await verify([], env())
    expect([code, stderr]).toEqual([0, ''])
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) =>
          line
            .split('  ')
            .filter((part) => part !== '')[1]
            ?.trim(),
        ),
    ).toEqual(tenants)
    const one = await verify(['--tenant', String(tenants[0])], env())
    expect([one.code, one.stdout]).toEqual([0, `${stdout.split('\n')[0]}\n`])
  })

  test('finds what was removed together with its checkpoint, by one that was kept', async () => {
    const [tenant = ''] = tenants
    const kept = file(await audited.checkpoint(tenant))
    await asAttacker(
      audited.owner,
      `delete from tenancy.audit_entries where tenant_id = '${tenant}';
      delete from tenancy.audit_logs where tenant_id = '${tenant}'; delete from tenancy.audit_checkpoints where tenant_id = '${tenant}'`,
    )
    expect((await verify([], env())).code).toBe(0)
    const { code, stdout } = await verify(['--checkpoint', kept], env())
    expect(code).toBe(1)
    expect(stdout).toMatch(new RegExp(`^tampered  ${tenant}  Entr(y|ies) 1( to 3)? (is|are) missing$`, 'm'))
    expect(stdout).toMatch(/^ok {8}/m)
  })

  test('exits with 2 and the remedy when it cannot read the logs', async () => {
    const key = { AUDIT_VERIFY_KEY: vkey }
    const failure = async (url: Record<string, string>, ...parameters: string[]) => {
      const { code, stdout, stderr } = await verify(parameters, { ...key, ...url })
      expect([code, stdout]).toEqual([2, ''])
      return stderr
    }
    const { ownerUrl, appUrl } = await createDatabase()
    expect(await failure({})).toMatch(/^DATABASE_OWNER_URL is not set: /)
    expect(await failure({ DATABASE_OWNER_URL: 'postgres://owner:s3cret@127.0.0.1:1/d' })).toMatch(
      /^connect ECONNREFUSED/,
    )
    expect(await failure({ DATABASE_OWNER_URL: (await createBareDatabase()).ownerUrl })).toMatch(
      /rowhouse migrate" first\n$/,
    )
    expect(await failure({ DATABASE_OWNER_URL: appUrl })).toMatch(/^This login may not read the logs of all tenants: /)
    const tenant = newTenant()
    expect(await failure({ DATABASE_OWNER_URL: ownerUrl }, '--tenant', tenant)).toBe(
      `Tenant ${tenant} has no log and no checkpoint\n`,
    )
  })
})

describe('rowhouse audit key', () => {
  test('prints a new key and what verifies it, as lines of an environment', async () => {
    const { code, stdout } = await rowhouse(['audit', 'key'])
    const [, key = '', verifier] = /^AUDIT_SIGNING_KEY=(\S+)\nAUDIT_VERIFY_KEY=(\S+)\n$/.exec(stdout) ?? []
    expect([code, createCheckpointSigner({ key }).verifierKey]).toEqual([0, String(verifier)])
    expect((await rowhouse(['audit', 'key'])).stdout).not.toBe(stdout)
    const shown = await rowhouse(['audit', 'key', '--verifier'], { env: { AUDIT_SIGNING_KEY: key } })
    expect(shown).toEqual({ code: 0, stderr: '', stdout: `${verifier}\n` })
  })

  test('--verifier needs AUDIT_SIGNING_KEY', async () => {
    const { code, stderr } = await rowhouse(['audit', 'key', '--verifier'])
    expect([code, stderr]).toEqual([2, 'AUDIT_SIGNING_KEY is not set: set it to the key that signs\n'])
  })
})

test('the help of rowhouse audit verify has its variables and exit codes', async () => {
  const { code, stdout } = await verify(['--help'])
  expect(code).toBe(0)
  for (const text of ['--export', '--checkpoint', '--key', 'DATABASE_OWNER_URL', 'AUDIT_VERIFY_KEY', 'Exit codes: 0'])
    expect(stdout).toContain(text)
})

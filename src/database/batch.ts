import { createHash } from 'node:crypto'
import type pg from 'pg'
import { serialize } from 'pg-protocol'
import { parserOf, toParameter } from './values.ts'

/** One statement, with its parameters bound as `$1`, `$2` … */
export interface Statement {
  text: string
  parameters: readonly unknown[]
}

/** What PostgreSQL answered to one statement: its rows as arrays, and the command tag that it was confirmed with. */
export interface Answer {
  command: string
  /** How many rows it read or changed. */
  count: number
  columns: readonly string[]
  rows: unknown[][]
}

/** Rows of one statement as objects, with the command tag that PostgreSQL confirmed it with. */
export interface Rows<Row> extends Array<Row> {
  command: string
  /** How many rows it read or changed. */
  count: number
}

export function toRows({ rows, columns, command, count }: Answer): Rows<Record<string, unknown>> {
  const objects = rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])))
  // Not enumerable: to whoever compares or copies it, it is a list of rows.
  return Object.defineProperties(objects, { command: { value: command }, count: { value: count } }) as Rows<
    Record<string, unknown>
  >
}

interface Columns {
  names: string[]
  parsers: (((text: string) => unknown) | undefined)[]
}
const none: Columns = { names: [], parsers: [] }

/** A statement that PostgreSQL keeps parsed under a name, on one connection. */
interface Prepared {
  name: string
  columns: Columns | undefined
  /** Bind and Execute of one without parameters, which are the same each time. */
  constant?: Buffer
}

// A program that makes its statements up would fill the server's memory: the longest unused are closed.
const namedMax = 250
const closeStatement = (name: string) => serialize.close({ type: 'S', name })

/**
 * The statements that one connection has prepared. A name is the hash of its text: a pooler that mixes connections up can
 * answer that it does not know a name, but never run another statement under it.
 */
export class PreparedStatements {
  private readonly byText = new Map<string, Prepared>()

  get(text: string): Prepared | undefined {
    const known = this.byText.get(text)
    if (known && this.byText.size > namedMax / 2) {
      this.byText.delete(text) // and to the end: the longest unused come first
      this.byText.set(text, known)
    }
    return known
  }

  add(text: string, prepared: Prepared): void {
    this.byText.set(text, prepared)
  }

  /** Whom to close before another is added. */
  takeSurplus(): string | undefined {
    if (this.byText.size < namedMax) return undefined
    const [text, { name }] = this.byText.entries().next().value as [string, Prepared] // there are so many
    this.byText.delete(text)
    return name
  }
}

const names = new Map<string, string>()
function nameOf(text: string): string {
  const known = names.get(text)
  if (known) return known
  const name = `rowhouse_${createHash('sha256').update(text).digest('hex').slice(0, 40)}`
  if (names.size < 10 * namedMax) names.set(text, name)
  return name
}

/**
 * Statements that are sent as one message and end in one Sync (PostgreSQL, "Extended Query", "Pipelining"): what stands
 * behind one that fails is skipped by the server. A driver that writes a Sync behind each would let it run, outside of the
 * transaction that could not begin.
 */
export class Batch implements pg.Submittable {
  readonly answers: Answer[] = []
  error: Error | undefined
  private readonly plans: Prepared[] = []
  private readonly parsing: [text: string, prepared: Prepared][] = []
  private rows: unknown[][] = []

  private readonly bytes: Buffer

  /**
   * @param prepared where names are kept; undefined: every statement is parsed anew, unnamed
   * @throws TypeError for a parameter that cannot be sent; then nothing is
   */
  constructor(
    statements: readonly Statement[],
    private readonly prepared: PreparedStatements | undefined,
  ) {
    const values = statements.map(({ parameters }) => parameters.map(toParameter))
    const messages = statements.flatMap(({ text }, index) => this.messages(text, values[index] ?? []))
    this.bytes = Buffer.concat([...messages, serialize.sync()])
  }

  submit({ stream }: pg.Connection): void {
    stream.write(this.bytes)
  }

  private messages(text: string, values: (string | Buffer | null)[]): Buffer[] {
    const messages: Buffer[] = []
    const known = this.prepared?.get(text) ?? this.parsing.find(([other]) => other === text)?.[1]
    const plan = known ?? { name: this.prepared ? nameOf(text) : '', columns: undefined }
    if (!known) {
      const surplus = this.prepared?.takeSurplus()
      if (surplus) messages.push(closeStatement(surplus))
      messages.push(serialize.parse({ name: plan.name, text }))
      if (this.prepared) this.parsing.push([text, plan])
    }
    this.plans.push(plan)
    if (plan.constant) return [plan.constant]
    const bind = serialize.bind({ statement: plan.name, values })
    if (!plan.columns) return [...messages, bind, serialize.describe({ type: 'P' }), serialize.execute()]
    if (values.length > 0) return [bind, serialize.execute()]
    plan.constant = Buffer.concat([bind, serialize.execute()])
    return [plan.constant]
  }

  handleParseComplete(): void {
    const [text, plan] = this.parsing.shift() ?? []
    if (text !== undefined && plan) this.prepared?.add(text, plan)
  }

  handleRowDescription({ fields }: { fields: { name: string; dataTypeID: number }[] }): void {
    const plan = this.plans[this.answers.length]
    if (!plan) return
    plan.columns = { names: fields.map(({ name }) => name), parsers: fields.map((field) => parserOf(field.dataTypeID)) }
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    const { parsers } = this.plans[this.answers.length]?.columns ?? none
    const row: unknown[] = fields
    for (const [index, parse] of parsers.entries()) {
      const field = fields[index]
      if (parse && typeof field === 'string') row[index] = parse(field)
    }
    this.rows.push(row)
  }

  handleCommandComplete({ text }: { text: string }): void {
    const [command = '', count] = text.split(/(?: \d+)*? (\d+)$/, 2) // INSERT 0 5
    const plan = this.plans[this.answers.length]
    if (plan) plan.columns ??= none // it need not be described again
    this.answers.push({ command, count: Number(count ?? 0), columns: plan?.columns?.names ?? [], rows: this.rows })
    this.rows = []
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' })
  }

  handleError(error: Error): void {
    this.error ??= Object.assign(error, { name: 'PostgresError' }) // pg calls it "error"
  }

  handleCopyInResponse(): void {}
  handleCopyData(): void {}
  handlePortalSuspended(): void {}
  handleReadyForQuery(): void {}
}

/** One statement of ours without parameters, as one message of the simple protocol: BEGIN, COMMIT, ROLLBACK. */
export class Command extends Batch {
  constructor(private readonly text: string) {
    super([], undefined)
  }

  override submit({ stream }: pg.Connection): void {
    stream.write(serialize.query(this.text))
  }
}

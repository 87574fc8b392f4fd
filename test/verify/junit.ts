/** The result of one test: a `testcase` of a JUnit report. */
export interface Outcome {
  file: string
  /** The titles of its `describe` blocks and of the test, with ` > ` between them. */
  title: string
  result: 'passed' | 'failed' | 'skipped'
}

/** Reads the JUnit report that `bun test --reporter=junit` writes. */
export function readJunit(xml: string): Outcome[] {
  return [...xml.matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)].map(
    ([, attributes = '', body = '']) => {
      const of = (name: string) => plain(attributes.match(new RegExp(`(?:^| )${name}="([^"]*)"`))?.[1] ?? '')
      const title = [of('classname'), of('name')].filter((part) => part !== '').join(' > ')
      return { file: of('file'), title, result: resultOf(body) }
    },
  )
}

const resultOf = (body: string): Outcome['result'] =>
  /<(failure|error)/.test(body) ? 'failed' : body.includes('<skipped') ? 'skipped' : 'passed'

const entities: Record<string, string> = { quot: '"', apos: "'", lt: '<', gt: '>', amp: '&' }

const plain = (text: string): string =>
  text.replaceAll(/&(?:#(x?)([0-9a-fA-F]+)|(\w+));/g, (whole, hex: string, code: string, name: string | undefined) =>
    name === undefined ? String.fromCodePoint(Number.parseInt(code, hex ? 16 : 10)) : (entities[name] ?? whole),
  )

import type { TestClient } from './client.ts'
import {
  exampleOf,
  type Fixtures,
  hasJsonBody,
  keyOf,
  type Operation,
  type Parameter,
  type Paths,
  parameterExample,
  parametersOf,
  successOf,
  withFixtures,
} from './contract-document.ts'
import { idLike, idOfForm } from './unknown-id.ts'

/** One operation with what its cases need. */
export interface Subject {
  document: unknown
  fixtures: Fixtures
  paths: Paths
  path: string
  operation: Operation
  method: string
}

/** The names of a path's parameters, in order. */
export const placeholdersOf = (path: string): string[] =>
  [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name)

/** The path in front of a parameter: `/projects/{projectId}/tasks` is the collection of the id in `/projects/{projectId}/tasks/{id}`. */
const collectionOf = (path: string, name: string): string => path.slice(0, path.indexOf(`/{${name}}`)) || '/'

/** The operation that creates a row of a collection, whatever the parameters of the path are called. */
export function creatorOf(paths: Paths, collection: string): Operation | undefined {
  const form = (path: string) => path.replaceAll(/\{[^}]+\}/g, '{}').replace(/(?<=.)\/$/, '')
  return Object.entries(paths).find(([path, { post }]) => post && form(path) === form(collection))?.[1].post
}

/** Why no row can be created for a parameter of the path; undefined when one can. */
function obstacle({ document, fixtures, paths, path }: Subject, name: string): string | undefined {
  const collection = collectionOf(path, name)
  if (fixtures[collection] ?? (name !== 'id' && fixtures[name])) return undefined
  const creator = creatorOf(paths, collection)
  const remedy = `pass fixtures['${name === 'id' ? collection : name}']`
  if (creator === undefined) return `the document has no POST ${collection}: ${remedy}`
  if (creator.requestBody && !hasJsonBody(creator)) return `POST ${collection} has no JSON body: ${remedy}`
  const query = parametersOf(document, creator, 'query').find(
    (one) => one.required && parameterExample(one) === undefined,
  )
  return query && `POST ${collection} needs the query parameter ${query.name}, which has no example: ${remedy}`
}

/** Why the operation cannot be called with a row; undefined when it can. */
export function whyNoRow(subject: Subject): string | undefined {
  return placeholdersOf(subject.path)
    .map((name) => obstacle(subject, name))
    .find((reason) => reason !== undefined)
}

/** Why the operation has no valid query; undefined when it has one. */
export function whyNoQuery({ document, operation }: Subject): string | undefined {
  const missing = parametersOf(document, operation, 'query').find(
    (one) => one.required && parameterExample(one) === undefined,
  )
  return missing && `its query parameter ${missing.name} has no example`
}

/** A path with the required query parameters of an operation. */
export function withQuery(document: unknown, operation: Operation, path: string): string {
  const required = parametersOf(document, operation, 'query').filter((one) => one.required)
  const query = new URLSearchParams(required.map((one) => [one.name, String(parameterExample(one) ?? '')]))
  return query.size === 0 ? path : `${path}?${query}`
}

/** Ids for a path's parameters, by name. */
export type Ids = Record<string, string>

export const withIds = (path: string, ids: Ids): string =>
  path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? ''))

/** The path of what `POST /tasks/{id}/restore` restores; undefined for another operation, and where no DELETE is declared. */
function restoredPath({ paths, path, method }: Subject): string | undefined {
  const restored = path.replace(/\/restore$/, '')
  return method === 'POST' && restored !== path && paths[restored]?.delete ? restored : undefined
}

/**
 * Creates a row for each parameter of the path, by a fixture or from the document's examples. What the operation restores is deleted.
 *
 * @param known ids that exist already
 */
export async function makeRows(subject: Subject, as: TestClient, known: Ids = {}): Promise<Ids> {
  const ids = { ...known }
  for (const name of placeholdersOf(subject.path)) ids[name] ??= await makeRow(subject, name, as, ids)
  const restored = restoredPath(subject)
  if (restored !== undefined) await as.delete(withIds(restored, ids))
  return ids
}

/** Creates a row for one parameter, below those in front of it. */
async function makeRow(subject: Subject, name: string, as: TestClient, ids: Ids): Promise<string> {
  const { fixtures, path } = subject
  const collection = collectionOf(path, name)
  const fixture = fixtures[collection] ?? (name === 'id' ? undefined : fixtures[name])
  return fixture ? await fixture(as) : await createIn(subject, collection, as, ids)
}

/** Creates a row of a collection from the document's example. */
export async function createIn(subject: Subject, collection: string, as: TestClient, ids: Ids): Promise<string> {
  const { document, fixtures, paths } = subject
  const operation = creatorOf(paths, collection)
  if (operation === undefined) throw new TypeError(`The document has no POST ${collection}`)
  const body = await withFixtures(exampleOf(document, operation), fixtures, as)
  const to = withQuery(document, operation, withIds(collection, ids))
  const response = await as.post<{ id?: string | number } | undefined>(to, body, keyOf(operation))
  if (response.status !== successOf(operation))
    throw new Error(
      `POST ${collection} with the document's example: ${response.status} ${JSON.stringify(response.body)}`,
    )
  if (response.data?.id === undefined)
    throw new TypeError(`POST ${collection} returned no data.id: pass fixtures['${collection}']`)
  return String(response.data.id)
}

/** The declared parameter of a path. */
const parameterOf = ({ document, operation }: Subject, name: string): Parameter | undefined =>
  parametersOf(document, operation, 'path').find((one) => one.name === name)

/** Whether the document says what an id looks like, so that another text is malformed. */
export function hasForm(subject: Subject, name: string): boolean {
  const schema = parameterOf(subject, name)?.schema
  return schema !== undefined && (schema.format !== undefined || schema.pattern !== undefined || isNumber(schema.type))
}

const isNumber = (type: unknown): boolean => [type].flat().some((one) => one === 'integer' || one === 'number')

/**
 * An id that no row has, of the form that ids of this parameter have.
 *
 * @param sample an id of that form
 */
export function unknownId(subject: Subject, name: string, sample?: string): string {
  if (sample !== undefined) return idLike(sample)
  const { schema, example } = parameterOf(subject, name) ?? {}
  const shown = example ?? schema?.example
  return shown === undefined ? idOfForm(isNumber(schema?.type) ? 'number' : schema?.format) : idLike(String(shown))
}

/** Ids that the operation accepts, of rows that need not exist. */
export async function acceptedIds(subject: Subject, as: TestClient): Promise<Ids> {
  const isKnown = (name: string) => {
    const { schema, example } = parameterOf(subject, name) ?? {}
    return example !== undefined || schema?.example !== undefined || schema?.format === 'uuid' || isNumber(schema?.type)
  }
  const isClear = whyNoRow(subject) !== undefined || placeholdersOf(subject.path).every(isKnown)
  return isClear ? unknownIds(subject) : await makeRows(subject, as)
}

/** Unknown ids for every parameter of the path. */
export const unknownIds = (subject: Subject): Ids =>
  Object.fromEntries(placeholdersOf(subject.path).map((name) => [name, unknownId(subject, name)]))

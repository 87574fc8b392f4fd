import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { LoadDocsAsset } from '../openapi/index.ts'

/** Reads a file of Swagger UI from the installed package, on a runtime with a file system. */
export const readDocsAsset: LoadDocsAsset = (name) =>
  readFile(createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`))

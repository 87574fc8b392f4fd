import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { LoadDocsAsset } from '../openapi/index.ts'

/** Reads Swagger UI's files from the installed package: for runtimes with a file system. */
export const readDocsAsset: LoadDocsAsset = (name) =>
  readFile(createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`), 'utf8')

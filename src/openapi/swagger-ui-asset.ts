import { createRequire } from 'node:module'
import { missingPackage } from '../errors/internal.ts'
import type { LoadDocsAsset } from './docs.ts'

// The package depends on another one that reports installations. Without install scripts it cannot.
const add = 'npm install --ignore-scripts'

/**
 * Creates the loader of the installed `swagger-ui-dist`, on a runtime with a file system.
 *
 * @throws OperatorError when the package is not installed
 */
export function installedAssets(): LoadDocsAsset {
  const { resolve } = createRequire(import.meta.url)
  try {
    resolve('swagger-ui-dist/package.json')
  } catch (cause) {
    throw missingPackage('swagger-ui-dist', 'docs() needs', add, cause)
  }
  return async (name) => {
    const { readFile } = await import('node:fs/promises')
    return await readFile(resolve(`swagger-ui-dist/${name}`))
  }
}

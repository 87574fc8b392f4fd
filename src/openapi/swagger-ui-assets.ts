import { createRequire } from 'node:module'
import { missingPackage } from '../errors/internal.ts'

/** The files of `swagger-ui-dist` that the page uses, with their types. */
export const assets = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
}

/** Loads a file of `swagger-ui-dist` by its name, when it is first asked for. */
export type LoadDocsAsset = (name: keyof typeof assets) => Promise<string | Uint8Array>

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

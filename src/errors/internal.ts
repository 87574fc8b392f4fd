// What other kit folders need and users of the kit do not.

export { nothingToChange } from './api-error.ts'
export { callListener } from './call-listener.ts'
export { consoleLog } from './error-log.ts'
export { noteCaller, noteQuery } from './failed-calls.ts'
export { problemsOf } from './handlers.ts'
export { missingPackage } from './optional-package.ts'

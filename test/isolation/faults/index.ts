import type { Fault, SomebodyElses } from '../somebody-elses.ts'
import { detours } from './detours.ts'
import { functions } from './functions.ts'
import { keys } from './keys.ts'
import { policies } from './policies.ts'
import { privileges } from './privileges.ts'
import { settings } from './settings.ts'

/** All of them, by name. Some rest on one before: they are done in this order. */
export const faultsOf = (theirs: SomebodyElses): Record<string, Fault> => ({
  ...privileges(theirs),
  ...policies(theirs),
  ...keys(theirs),
  ...functions(theirs),
  ...settings(theirs),
  ...detours(theirs),
})

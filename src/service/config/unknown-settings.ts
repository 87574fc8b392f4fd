import { nearestWord } from '../../text/index.ts'
import type { Report } from './problems.ts'
import { secretSettings } from './secret-files.ts'
import { commandSettings, settings } from './settings.ts'

const names = [...Object.keys(settings.shape), ...commandSettings]
const known = [...names, ...secretSettings.map((name) => `${name}_FILE`)]

/** Only Rowhouse has variables that begin like this. Those of AUTH_, DATABASE_ and LOG_ can belong to other programs. */
const ours =
  /^(?:ROWHOUSE|JWT|GATEWAY|TENANT|HSTS|TRUST_PROXY|BASE_PATH|CORS|ALLOW_UNVERIFIED|RATE_LIMIT|ACTOR|BODY_LIMIT|(?:RECEIVED|SENT)_BYTES|REQUEST_TIMEOUT|PROBLEM_JSON|HOME_PAGE|SHUTDOWN|DATABASE_(?:POOL|REPLICA|OWNER|ADMIN|SSL))/

/** Settings of earlier releases, and what to do about each. */
const renamed: Record<string, string> = {
  BOOKMARK_SECRET: 'is now ROWHOUSE_SECRET: rename it. Bookmarks stay valid with the same value',
  BOOKMARK_SECRET_FILE: 'is now ROWHOUSE_SECRET_FILE: rename it. Bookmarks stay valid with the same value',
}

/** Kubernetes sets these for each service of the namespace, which may be called gateway or tenant. */
const ofKubernetes = /_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)?$/

// AWS_SECRET is not JWT_SECRET.
const foreign = { differenceMax: 1, lengthMin: 10 }

/** Reports variables that are no setting, and were probably meant as one. */
export function reportUnknown(names: readonly string[], report: Report): void {
  for (const name of names) {
    if (known.includes(name) || ofKubernetes.test(name)) continue
    const change = Object.hasOwn(renamed, name) ? renamed[name] : undefined
    if (change !== undefined) {
      report(name, change)
      continue
    }
    const isOurs = ours.test(name)
    if (!isOurs && name.length < foreign.lengthMin) continue
    const nearest = nearestWord(name, known, isOurs ? 2 : foreign.differenceMax)
    if (nearest !== undefined) report(name, `is no setting: did you mean ${nearest}?`)
    else if (isOurs) report(name, `is no setting${similarTo(name)}`)
  }
}

/** The settings that begin with the same word. */
function similarTo(name: string): string {
  const [word] = name.split('_')
  const similar = names.filter((one) => one.split('_')[0] === word)
  return similar.length === 0 ? ': remove it' : `: those that begin so are ${similar.join(', ')}`
}

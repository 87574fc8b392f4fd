import type { Report } from './problems.ts'
import type { Settings } from './settings.ts'

/**
 * Reports settings that contradict each other or have no effect; those of authentication are in auth-settings.ts.
 *
 * @param isSet whether the environment has a setting, and not only its default
 */
export function checkTogether(settings: Settings, isSet: (name: string) => boolean, report: Report): void {
  checkTenant(settings, isSet, report)
  checkHeaders(settings, report)
  checkBytes(settings, report)
  checkSecrets(settings, isSet, report)
  const { RATE_LIMIT, TENANT_CONCURRENCY } = settings
  if (isSet('RATE_LIMIT_WINDOW_SECONDS') && RATE_LIMIT === 0)
    report('RATE_LIMIT_WINDOW_SECONDS', 'applies only with RATE_LIMIT: remove it, or set RATE_LIMIT')
  if (isSet('ACTOR_CONCURRENCY') && TENANT_CONCURRENCY === 0)
    report('ACTOR_CONCURRENCY', 'has no effect with TENANT_CONCURRENCY=0, which sets no limit: remove one of them')
  if (isSet('TENANT_QUEUE') && TENANT_CONCURRENCY === 0)
    report('TENANT_QUEUE', 'has no effect with TENANT_CONCURRENCY=0, where no request waits: remove one of them')
}

function checkTenant(settings: Settings, isSet: (name: string) => boolean, report: Report): void {
  const { TENANT_FROM, TENANT_DOMAIN, TENANT_DIRECTORY, AUTH, JWT_TENANT_YIELDS } = settings
  const places = TENANT_FROM ?? ['header']
  if (places.includes('claim') && !AUTH.includes('jwt'))
    report('TENANT_FROM', 'can list "claim" only with AUTH=jwt: remove "claim", or set AUTH=jwt')
  const unread = places.includes('domain') ? places[places.indexOf('domain') + 1] : undefined
  if (unread !== undefined)
    report(
      'TENANT_FROM',
      `must list "domain" last: every host name counts as a domain, so "${unread}" would not be read`,
    )
  if (TENANT_DIRECTORY === 'off' && JWT_TENANT_YIELDS !== 'id')
    report(
      'TENANT_DIRECTORY',
      `must be "on" or "required": it maps the ${JWT_TENANT_YIELDS} of JWT_TENANT_YIELDS to an id`,
    )
  else if (TENANT_DIRECTORY === 'off' && (places.includes('subdomain') || places.includes('domain')))
    report('TENANT_DIRECTORY', 'must be "on" or "required": it maps a subdomain or a domain to an id')
  if (TENANT_DOMAIN !== undefined && !places.includes('subdomain'))
    report(
      'TENANT_DOMAIN',
      'applies only when TENANT_FROM lists "subdomain": remove it, or add "subdomain" to TENANT_FROM',
    )
  if (isSet('TENANT_HEADER') && !places.includes('header'))
    report('TENANT_HEADER', 'applies only when TENANT_FROM lists "header": remove it, or add "header" to TENANT_FROM')
}

function checkSecrets(settings: Settings, isSet: (name: string) => boolean, report: Report): void {
  const { ROWHOUSE_SECRET, ROWHOUSE_SECRET_PREVIOUS, NODE_ENV } = settings
  if (!isSet('ROWHOUSE_SECRET')) {
    if (NODE_ENV === 'production')
      report('ROWHOUSE_SECRET', 'is required in production, the same in every process: openssl rand -hex 32')
    if (isSet('ROWHOUSE_SECRET_PREVIOUS'))
      report('ROWHOUSE_SECRET_PREVIOUS', 'applies only with ROWHOUSE_SECRET: remove it, or set ROWHOUSE_SECRET')
  } else if (ROWHOUSE_SECRET !== undefined && ROWHOUSE_SECRET === ROWHOUSE_SECRET_PREVIOUS)
    report('ROWHOUSE_SECRET_PREVIOUS', 'must be another secret than ROWHOUSE_SECRET: remove it')
}

function checkBytes({ BODY_LIMIT_BYTES, RECEIVED_BYTES_MAX }: Settings, report: Report): void {
  if (RECEIVED_BYTES_MAX < BODY_LIMIT_BYTES)
    report('RECEIVED_BYTES_MAX', 'must be at least BODY_LIMIT_BYTES: the largest body would never fit')
}

/** One header with two meanings would make the actor a tenant, or the other way round. */
function checkHeaders(settings: Settings, report: Report): void {
  const { TENANT_HEADER, GATEWAY_ACTOR_HEADER, GATEWAY_ROLE_HEADER, GATEWAY_CERTIFICATE_HEADER } = settings
  const seen = new Map<string, string>()
  const headers = { TENANT_HEADER, GATEWAY_ACTOR_HEADER, GATEWAY_ROLE_HEADER, GATEWAY_CERTIFICATE_HEADER }
  for (const [setting, header] of Object.entries(headers)) {
    const name = header?.toLowerCase()
    if (name === undefined) continue
    const other = seen.get(name)
    if (other !== undefined) report(setting, `must name another header than ${other}`)
    seen.set(name, setting)
  }
}

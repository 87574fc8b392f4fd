import type { Report } from './problems.ts'
import type { Settings } from './settings.ts'

/** Reports settings that contradict each other; those of authentication are in auth-settings.ts. */
export function checkTogether(settings: Settings, report: Report): void {
  const { WORKERS, DATABASE_POOL_SIZE, TENANT_FROM = [], TENANT_DOMAIN, TENANT_DIRECTORY, AUTH } = settings
  if (WORKERS !== 'auto' && WORKERS > DATABASE_POOL_SIZE)
    report('DATABASE_POOL_SIZE', 'must be at least WORKERS: the workers divide the pool')
  if (TENANT_FROM.includes('claim') && AUTH !== 'jwt')
    report('TENANT_FROM', 'can list "claim" only with AUTH=jwt: remove "claim", or set AUTH=jwt')
  if (TENANT_FROM.includes('subdomain') && TENANT_DIRECTORY === 'off')
    report('TENANT_DIRECTORY', 'must be "on" or "required": a subdomain is a name, which the directory maps to an id')
  if (TENANT_DOMAIN !== undefined && !TENANT_FROM.includes('subdomain'))
    report(
      'TENANT_DOMAIN',
      'applies only when TENANT_FROM lists "subdomain": remove it, or add "subdomain" to TENANT_FROM',
    )
}

import type { Logger } from '../context/index.ts'
import type { Finding, IsolationCheck } from '../isolation/index.ts'

/** Until this age, in milliseconds, `/ready` uses findings as they are. */
const freshMs = 5000
/** Up to this age, `/ready` uses findings while it looks for new ones. */
const staleMs = 30_000
/** How long errors are remembered: a service becomes ready soon after the fault is fixed. */
const errorMs = 1000

export interface ReadinessOptions {
  isolation: IsolationCheck
  log: Logger
  /** Whether an inspection may go on after the response of the request that started it. A Worker's may not. */
  behind: boolean
}

/** What `/ready` reports. It asks the database for an answer each time, and looks at the catalogue every few seconds. */
export interface Readiness {
  /** Remembers the findings of the start. */
  remember(findings: Finding[]): void
  /**
   * The findings of the last seconds.
   *
   * @throws ApiError SERVICE_UNAVAILABLE when the database does not answer
   */
  inspect(): Promise<Finding[]>
}

/** Creates the readiness of a service. When errors appear or disappear, it logs their checks and objects once. */
export function createReadiness({ isolation, log, behind }: ReadinessOptions): Readiness {
  let known: { findings: Finding[]; foundAt: number } | undefined
  let looking: Promise<Finding[]> | undefined
  let reported = ''

  function remember(findings: Finding[]): void {
    known = { findings, foundAt: Date.now() }
    const errors = findings.filter(isError).map(({ check, guarantee, object }) => ({ check, guarantee, object }))
    const now = JSON.stringify(errors)
    if (now === (reported || '[]')) return
    reported = now
    for (const error of errors) log.error(error, 'not ready: the isolation check found an error')
    if (errors.length === 0) log.info({}, 'ready again: the isolation check finds no error')
  }

  async function look(): Promise<Finding[]> {
    try {
      const findings = await isolation.inspect()
      remember(findings)
      return findings
    } catch (error) {
      known = undefined
      throw error
    }
  }

  /** Requests share one inspection, but not in a Worker, where no request can await the I/O of another one. */
  function lookOnce(): Promise<Finding[]> {
    if (!behind) return look()
    looking ??= look().finally(() => {
      looking = undefined
    })
    return looking
  }

  return {
    remember,
    async inspect() {
      if (known === undefined) return await lookOnce()
      const { findings, foundAt } = known
      const age = Date.now() - foundAt
      const usableMs = findings.some(isError) ? errorMs : behind ? staleMs : freshMs
      if (age >= usableMs) return await lookOnce()
      await isolation.ping().catch((error) => {
        known = undefined
        throw error
      })
      if (age >= freshMs) lookOnce().catch(() => {}) // the next request reports it
      return findings
    },
  }
}

const isError = ({ level }: Finding): boolean => level === 'error'

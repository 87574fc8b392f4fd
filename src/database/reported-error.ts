/** An error that PostgreSQL reported, as pg-protocol parses it. */
export interface ReportedError extends Error {
  /** The SQLSTATE. */
  code: string
  severity: string
  routine: string | undefined
}

/** By its fields: pg can have another copy of pg-protocol than this package has, with another class. */
export const isReported = (error: unknown): error is ReportedError =>
  error instanceof Error && 'severity' in error && 'code' in error && typeof error.code === 'string'

/** What a request asks of the version of a row: that it is among some versions, or that it is not. */
export interface ExpectedVersion {
  /** The versions, as PostgreSQL's text of an array. */
  readonly versions: string
  readonly isAmong: boolean
}

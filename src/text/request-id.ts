/** Whether a value is a request id: 1 to 128 unreserved characters (RFC 3986, section 2.3), safe in logs, headers and SQL. */
export const isRequestId = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9\-_.~]{1,128}$/.test(value)

/** Where the kit and the service write their log. pino fits; so does any object with these methods. */
export interface Logger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What a client session sends before it has written anything. */
export const noBookmark = 'none'

/** The place of a client session in the history of writes: what it sent, and where its own last write stands. */
export interface Bookmark {
  readonly sent: string
  next?: string
}

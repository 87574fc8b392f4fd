/** The bookmark of a client session that has not written yet. */
export const noBookmark = 'none'

/** The last write of a client session: the bookmark of its request, and the bookmark of a write during this request. */
export interface Bookmark {
  readonly sent: string
  next?: string
}

export { type EtagOptions, etagOf, type Version } from './etag.ts'
export { etagHeaders, notModified, setEtag } from './responses.ts'
export { type ExpectedVersion, type RowVersion, rowVersion } from './row-version.ts'
export { rowOf, type WrittenRow, writtenRow } from './written-row.ts'

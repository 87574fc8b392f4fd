export { type DocsAssets, docs, type LoadDocsAsset } from './docs.ts'
export { createDocument, type DocumentOptions } from './document.ts'
export { id, PageQuery, text } from './fields.ts'
export { createRouter, failures, json, jsonBody, tenantRoute } from './router.ts'

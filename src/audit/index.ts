export { type Change, type Changes, type ChangesPage, changeFields, changes } from './changes.ts'
export { type UndoneChange, type UndoOptions, undoRequest } from './undo.ts'
export { undoRoutes } from './undo-routes.ts'

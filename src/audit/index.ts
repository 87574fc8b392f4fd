export { type UndoneChange, type UndoOptions, undoRequest } from './undo.ts'
export { undoRoutes } from './undo-routes.ts'

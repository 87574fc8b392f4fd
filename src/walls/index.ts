export {
  assertRowSecurity,
  createWallCheck,
  type Finding,
  inspectRowSecurity,
  RowSecurityError,
  type WallCheck,
  type WallOptions,
} from './walls.ts'

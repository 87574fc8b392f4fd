export { withTenant } from '../context/index.ts'
export { type Target, type TestClient, type TestResponse, testClient } from './client.ts'
export { type ContractCase, type ContractOptions, contractCases } from './contract.ts'
export {
  expectTenantIsolation,
  type GivenValues,
  type IsolationCell,
  IsolationMatrix,
  type IsolationRow,
  TenantIsolationError,
  type TenantIsolationOptions,
} from './isolation/index.ts'
export { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './test-database.ts'

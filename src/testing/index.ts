export { withTenant } from '../context/index.ts'
export { type Answer, type Target, type TestClient, testClient } from './client.ts'
export { type ContractCase, type ContractOptions, contractCases } from './contract.ts'
export {
  expectTenantIsolation,
  type GivenValues,
  IsolationBroken,
  type IsolationCell,
  IsolationMatrix,
  type IsolationOptions,
  type IsolationRow,
} from './isolation/index.ts'

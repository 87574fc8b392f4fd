export { withTenant } from '../tenancy/index.ts'
export { type Answer, type Target, type TestClient, testClient } from './client.ts'
export { type ContractCase, type ContractOptions, contractCases } from './contract.ts'
export { expectTenantIsolation, IsolationBroken, type IsolationProbe } from './isolation.ts'

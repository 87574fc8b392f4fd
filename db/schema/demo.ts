/** Ids of the demo data that `bun run up` seeds. The examples of the OpenAPI document use them, so that "Try it out" works. */
export const demo = {
  acme: {
    tenantId: '550e8400-e29b-41d4-a716-446655440000',
    userId: '0198b9a4-0000-7000-8000-0000000ac001',
    taskId: '0198b9a4-0000-7000-8000-0000000ac002',
  },
  globex: {
    tenantId: '6ba7b810-9dad-41d1-80b4-00c04fd430c8',
    userId: '0198b9a4-0000-7000-8000-000000910001',
    taskId: '0198b9a4-0000-7000-8000-000000910002',
  },
} as const

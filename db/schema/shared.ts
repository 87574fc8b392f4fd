/**
 * Relations, sequences and functions that all tenants share, as `schema.name`. The isolation check accepts them without
 * policies, so each entry is a deliberate exception.
 */
export const shared: string[] = []

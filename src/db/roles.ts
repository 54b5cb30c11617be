/** The API runs as this role: row-level security shows it the transaction's tenant and nothing else. */
export const API_ROLE = 'broadsheet_api'
/** Worker, scheduler and sweeper run as this role: all tenants, no migrations, no people. */
export const WORKER_ROLE = 'broadsheet_worker'

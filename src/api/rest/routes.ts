import type { Route } from './route.ts'
import { REPORT_ROUTES } from './report-routes.ts'
import { SCHEDULE_ROUTES } from './schedule-routes.ts'

/** The whole API. Words in a path go before {id}. */
export const ROUTES: readonly Route[] = [...REPORT_ROUTES, ...SCHEDULE_ROUTES].toSorted(
  (a, b) => Number(a.path.includes('{id}')) - Number(b.path.includes('{id}')),
)

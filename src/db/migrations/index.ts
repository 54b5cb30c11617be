import { M0001Spine } from './m0001-spine.ts'
import { M0002Verbs } from './m0002-verbs.ts'
import { M0003Operations } from './m0003-operations.ts'
import { M0004ProgressSince } from './m0004-progress-since.ts'
import { M0005Schedules } from './m0005-schedules.ts'
import { M0006Deliveries } from './m0006-deliveries.ts'
import { M0007SlotDeliveries } from './m0007-slot-deliveries.ts'
import { M0008OneJourney } from './m0008-one-journey.ts'
import { M0010TokenLimits } from './m0010-token-limits.ts'
import { M0011StandingCredentials } from './m0011-standing-credentials.ts'
import { M0012Traceparent } from './m0012-traceparent.ts'
import { M0013Uploads } from './m0013-uploads.ts'
import { M0014Watching } from './m0014-watching.ts'
import { M0015ReportByBytes } from './m0015-report-by-bytes.ts'
import { M0016Suspects } from './m0016-suspects.ts'

/** In order; a migration that has landed is never edited. */
export const MIGRATIONS = [
  { name: 'm0001-spine', class: M0001Spine },
  { name: 'm0002-verbs', class: M0002Verbs },
  { name: 'm0003-operations', class: M0003Operations },
  { name: 'm0004-progress-since', class: M0004ProgressSince },
  { name: 'm0005-schedules', class: M0005Schedules },
  { name: 'm0006-deliveries', class: M0006Deliveries },
  { name: 'm0007-slot-deliveries', class: M0007SlotDeliveries },
  { name: 'm0008-one-journey', class: M0008OneJourney },
  { name: 'm0010-token-limits', class: M0010TokenLimits },
  { name: 'm0011-standing-credentials', class: M0011StandingCredentials },
  { name: 'm0012-traceparent', class: M0012Traceparent },
  { name: 'm0013-uploads', class: M0013Uploads },
  { name: 'm0014-watching', class: M0014Watching },
  { name: 'm0015-report-by-bytes', class: M0015ReportByBytes },
  { name: 'm0016-suspects', class: M0016Suspects },
]
